import API
import Configuration
import HTTP
import HTTPServer
import Logging

extension SettingParser where Value == [String] {
    /// Origins of browsers (RFC 6454 §6.2), lower-case, or `*`.
    static var origins: Self {
        .list("a comma list of origins such as https://dash.example.org, or *") {
            element throws(SettingComplaint) in
            if element == "*" { return element }
            let parts = element.split(separator: "/", omittingEmptySubsequences: false)
            let isOrigin =
                parts.count == 3 && parts[0].hasSuffix(":") && parts[1].isEmpty && !parts[2].isEmpty
            guard isOrigin else {
                throw SettingComplaint(
                    why: "'\(element)' is not an origin (scheme://host[:port], nothing after it)"
                )
            }
            return element.lowercased()
        }
    }
}

extension SettingParser where Value == TrustedProxies? {
    /// CIDR blocks separated by commas.
    static var proxies: Self {
        let accepts = "a comma list of addresses or CIDR blocks such as 10.0.0.0/8, or unix for Unix sockets"
        return SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            let entries = text.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
            do throws(TrustedProxies.ListError) {
                return entries.isEmpty ? nil : try TrustedProxies(entries)
            } catch {
                switch error {
                case .malformed(let entry):
                    throw SettingComplaint(why: "'\(entry)' is neither an IP address nor a CIDR block")
                }
            }
        }
    }
}

extension SettingParser where Value == [AccessToken] {
    /// `scope[+scope]=secret`, separated by commas; error messages never quote a secret.
    static var tokens: Self {
        let accepts = "a comma list of scope[+scope]=secret, scopes ingest, read, admin"
        return SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            var tokens: [AccessToken] = []
            for part in text.split(separator: ",") where !part.trimmed.isEmpty {
                tokens.append(try token(part.trimmed, position: tokens.count + 1))
            }
            return tokens
        }
    }

    private static func token(_ text: String, position: Int) throws(SettingComplaint) -> AccessToken {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[1].isEmpty else {
            throw SettingComplaint(why: "token \(position) is not of the form scope=secret")
        }
        var scopes: Set<Scope> = []
        for word in halves[0].split(separator: "+", omittingEmptySubsequences: false) {
            guard let scope = Scope(rawValue: word.trimmed.lowercased()) else {
                throw SettingComplaint(why: "token \(position) names an unknown scope")
            }
            scopes.insert(scope)
        }
        return AccessToken(name: "WEIR_TOKENS[\(position)]", secret: String(halves[1]), scopes: scopes)
    }
}

extension SettingParser where Value == [ListenSpecification] {
    /// Listeners separated by commas.
    static var listeners: Self {
        let accepts = "a comma list of [profile@]host:port, [profile@][v6]:port or [profile@]unix:/path"
        return SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            let listeners: [ListenSpecification]
            do throws(ListenSpecificationError) {
                listeners = try ListenSpecification.list(text, profiles: ListenerProfiles.all)
            } catch {
                throw SettingComplaint(why: error.description)
            }
            let fixed = listeners.map(\.endpoint).filter { if case .tcp(_, 0) = $0 { false } else { true } }
            guard Set(fixed).count == fixed.count else {
                throw SettingComplaint(why: "it names an address twice")
            }
            return listeners
        }
    }
}

extension SettingParser where Value == [ListenSpecification] {
    /// One listener with the profile `metrics`, or none.
    static var metricsListener: Self {
        SettingParser(accepts: "host:port, [v6]:port or unix:/path") { text throws(SettingComplaint) in
            guard !text.isEmpty else { return [] }
            do throws(ListenSpecificationError) {
                return [try ListenSpecification("metrics@\(text)", profiles: ListenerProfiles.all)]
            } catch {
                throw SettingComplaint(why: error.description)
            }
        }
    }
}

extension SettingParser where Value == Logger.Level {
    /// Also accepts the level words of the original servers (`WARN`, `WARNING`, `FATAL`).
    static var logLevel: Self {
        let words = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        let synonyms = ["warn": "warning", "fatal": "critical"]
        return SettingParser(accepts: "one of \(words)") { text throws(SettingComplaint) in
            let word = text.lowercased()
            guard let level = Logger.Level(rawValue: synonyms[word] ?? word) else {
                throw SettingComplaint(why: "it is not a log level")
            }
            return level
        }
    }
}
