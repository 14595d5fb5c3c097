-- Two endpoints that meet here both read the number of the first afterwards.
INSERT INTO application (id, name) VALUES (nextval('application_id'), $1)
ON CONFLICT (name) DO NOTHING
