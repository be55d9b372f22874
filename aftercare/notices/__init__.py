"""Notices: what customers and other systems are told, with a delivery log.

Messages go out by SMTP where a customer left an e-mail address, and are kept in the message log for the SMS gateway
otherwise; webhooks are signed (Standard Webhooks), retried, and logged. Neighbours: reads facts of all domains below.
"""
