"""Rows about parts."""

from django.db import models


class Part(models.Model):
    """A spare part with its public price in fen; `cover` names the warranty part it falls under, if any."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    model = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=32, db_index=True)
    cover = models.CharField(max_length=32, blank=True)
    price_fen = models.PositiveIntegerField()
    cost_fen = models.PositiveIntegerField(default=0)
    KIND = "part"

    def __str__(self) -> str:
        return f"{self.name} {self.model}"


class Stock(models.Model):
    """How many pieces of a part a unit has."""

    part = models.ForeignKey(Part, on_delete=models.CASCADE)
    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["part", "unit"], name="one_stock_a_part_and_unit")]
