-- Indexes of what alerts ask about a large history.

-- An event that ends incidents asks which of them fire.
CREATE INDEX alert_incident_event ON alert_incident (event) WHERE status = 'firing';

-- A message tells how many earlier firings nobody was told of.
CREATE INDEX alert_incident_suppressed ON alert_incident (rule_id, key) WHERE suppressed > 0;
