import API
import Core
import Pipelines
import Postgres

/// The link templates of the stored integrations: what an operator saved at `/observability/config`. Contract pipelogiq
/// §2.6. A template that was stored before it was checked, and is none, counts as missing.
struct StoredLinkTemplates: LinkTemplateSource {
    func templates(on connection: Connection) throws -> LinkTemplates {
        var templates = LinkTemplates()
        let rows = try connection.execute(
            Statement(
                "link templates",
                """
                SELECT type, config_json FROM observability_integration_config
                WHERE type IN ('opentelemetry', 'graylog')
                """
            )
        )
        for row in rows {
            guard let root = (try? JSONDocument(try row.utf8("config_json")))?.root else { continue }
            if try row.text("type") == "graylog" {
                templates.logs = Self.template(root["searchUrlTemplate"], .logs)
            } else {
                templates.trace = Self.template(root["traceLinkTemplate"], .trace)
            }
        }
        return templates
    }

    private static func template(_ node: JSONNode?, _ purpose: LinkTemplate.Purpose) -> LinkTemplate? {
        guard let text = node?.string else { return nil }
        return try? LinkTemplate.read(text, for: purpose)
    }
}
