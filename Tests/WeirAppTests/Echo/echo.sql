-- A real feature takes the key from what the client sent, so that a resend is the same row; an echo has only its text.
CREATE TABLE echo (
    journal_id uuid NOT NULL,
    seq bigint NOT NULL,
    received_at timestamptz NOT NULL,
    text text NOT NULL CHECK (length(text) <= 10),
    PRIMARY KEY (journal_id, seq)
);

CREATE INDEX echo_received ON echo (received_at);

-- What the maintenance job writes.
CREATE TABLE echo_beat (at timestamptz NOT NULL);
