import Testing

@testable import Alerts

@Suite("The URL of a test") struct IntegrationCheckTests {
    @Test(arguments: [
        ("collector:4318", "http://collector:4318/v1/traces"),
        ("https://collector:4318/", "https://collector:4318/v1/traces"),
        ("https://c/otlp?x=1", "https://c/otlp/v1/traces"),
        ("https://c/v1/traces", "https://c/v1/traces"),
    ])
    func `of a collector ends with the path of traces`(endpoint: String, url: String) {
        #expect(IntegrationCheck.tracesURL(endpoint) == url)
    }

    @Test(arguments: [
        ("grafana:3000", "http://grafana:3000/api/health"),
        ("https://g/grafana/", "https://g/grafana/api/health"),
        ("https://g/grafana/d/uid/slug?orgId=1", "https://g/grafana/api/health"),
    ])
    func `of Grafana is that of the server of a dashboard`(dashboard: String, url: String) {
        #expect(IntegrationCheck.grafanaURL(dashboard) == url)
    }

    @Test(arguments: [
        ("datadoghq.eu", "https://api.datadoghq.eu/api/v1/validate"),
        ("http://relay:8080/", "http://relay:8080/api/v1/validate"),
        ("a@b", nil), ("a/b", nil), ("", nil),
    ])
    func `of Datadog is that of its site`(site: String, url: String?) {
        #expect(IntegrationCheck.datadogURL(site) == url)
    }

    @Test(arguments: [
        ("https://abc@o1.ingest.sentry.io/42", "abc https://o1.ingest.sentry.io/api/42/envelope/"),
        ("http://abc:secret@[::1]:9000/base/path/7", "abc http://[::1]:9000/base/path/api/7/envelope/"),
        ("https://o1.ingest.sentry.io/42", nil), ("ftp://abc@host/42", nil), ("https://abc@host", nil),
        ("https://abc@host/", nil), ("https://@host/42", nil), ("https://abc@/42", nil),
        ("https://a,b@host/42", nil),
        ("https://abc@host/a%0d", nil),
    ])
    func `of Sentry is in its DSN`(dsn: String, expected: String?) {
        #expect(SentryName(dsn).map { "\($0.key) \($0.envelopes)" } == expected)
    }
}
