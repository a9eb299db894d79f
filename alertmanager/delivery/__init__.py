"""The outbox: texts that fit an SMS, messages handed over at least once, proof of delivery."""
