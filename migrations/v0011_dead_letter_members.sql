-- A line may say beside its body what the body is about: a PATCH names its run there. Without it, a letter that was
-- tried again changed no run. Letters that were stored before this step have none.

ALTER TABLE dead_letter ADD COLUMN members text NOT NULL DEFAULT '';
