import FeatureTestKit
import TestKit
import Testing

/// docs/scaling.md promises that the tables which grow with runs and tasks can be distributed by run.
@Suite struct `Keys` {
    @Test func `contain the run in every table that has one`() throws {
        let tables = try TemporaryDatabase.withSchema().rows(
            """
            SELECT DISTINCT a.attrelid::regclass
            FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
            WHERE a.attname = 'run_key' AND a.attnotnull AND c.relnamespace = 'public'::regnamespace
            ORDER BY 1
            """
        )
        #expect(
            Set(tables) == [
                "completion", "run", "run_container", "run_process", "run_rollup", "run_segment", "run_tower",
                "task", "telemetry",
            ]
        )
    }

    @Test func `lack the run only in the tables that the manual names`() throws {
        // A unique key that lacks `run_key` would have to be enforced across all nodes.
        let tables = try TemporaryDatabase.withSchema().rows(
            """
            SELECT DISTINCT c.relname
            FROM pg_class c
            JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique
            WHERE c.relnamespace = 'public'::regnamespace
              AND NOT EXISTS (
                  SELECT FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[]) AND a.attname = 'run_key'
              )
            """
        )
        #expect(
            Set(tables) == [
                "access_token", "agent_run", "agent_run_tally", "agent_run_trace", "alert_condition",
                "alert_delivery",
                "alert_incident", "alert_revision", "alert_rule", "alert_silence", "notification_channel",
                "observability_integration_config", "observability_integration_health", "completion_rollup",
                "component", "series",
                "dead_letter", "event_rollup",
                "execution", "execution_artifact", "execution_observation", "execution_tally",
                "journal_position", "recent_digest", "sealed_bucket", "sealed_sketch",
                "outbox_consumer", "outbox_event", "ping", "ping_check", "ping_state", "push_family",
                "push_group",
                "import_portion", "forward_position", "sample_care", "sample_count", "sample_lifetime",
                "sample_sweep", "rollup_due", "rollup_due_day", "rollup_minute", "rollup_five_minutes",
                "rollup_hour", "rollup_day",
                "provenance_events", "provenance_feed", "provenance_position", "provenance_source",
                "provenance_unplaced",
                "application", "pipeline", "pipeline_context_item", "keyword", "pipeline_keyword", "stage",
                "stage_io", "stage_options", "stage_log", "stage_retry", "stage_report", "worker_client",
                "worker_alias", "worker_report",
                "span", "trace_export",
                "tower_pending", "tower_workflow",
            ]
        )
    }
}
