"""A scribble, as the signing pad sends it."""

SIGNATURE = "data:image/png;base64," + (
    "iVBORw0KGgoAAAANSUhEUgAAANwAAABQCAAAAABXQ0T+AAAB40lEQVR42u2aUXLDMAgF9/6XdqfNTGOndqMHAhyb/CZY7AMkRMxy"
    "4Q8N13AN13AN13AN13AN13AN13AXc4zzwwFWwyw4q4ffhkZbljw47LlFTmpjfzjklh3qA/L1Jw3OnP+TXAwNfYH+ZkZE+0IXC+BG"
    "S3CWiwmysmJD22NJDLpmzp6rJLmI7/eo+rtKEPVYJRbuxTGG4XZcHEzoad0hmuwgbkTrgOHsWKbDse1UjJvEAwt/omk/VuAcsg9v"
    "sQdLjpnj3I/MtT0e852DGEWcuRde7XusQZ8OR/184hkzWU+CAluhJ2UBqNAzqjUiXxYaLjppyVryxnBm06B9SlzyvnBR5wRJHdPH"
    "w2GFq5p9CH3/v40nIQhp7fjPwPhwaszElRz3IeMY8M1lj4rker2y/XrHxIKbenk1zyAew8LBKxv21BLvuxwMEjDmljpJUOGUecCf"
    "AZctuTAJq09jNtMOLPIPGhKwLb3LLPNqrB4RO3fFCreNgrISxqp1/x0gCzE+bOKg+E4wCjiM8mhyOTzEzaaeG/qRYK5SMmQ5OttZ"
    "YuH8ASMy5Vfdhd1HUnRw2Ne8x0EC3KnfwJkAlx3zcVkKX0mMj3kpXLQsH/ka8KXhso6Chmu4hmu4hmu4hmu4hmu4W8B9AToN8K8Z"
    "B+R1AAAAAElFTkSuQmCC"
)
