internal import API
internal import Core
internal import HTTP
internal import Notifications

/// The bodies of both POSTs. Contract pipelogiq §1.1.
struct IntegrationBody: Sendable {
    /// The largest body, in bytes.
    static let limit = 131_072
    /// The largest configuration as JSON without blanks, in bytes.
    static let configLimit = 65_536

    let type: IntegrationType
    /// An object; empty when none was sent.
    let config: JSONValue

    /// Reads a body: one object with these members and no other.
    init(_ body: [UInt8], members: Set<String>) throws(ObservabilityFailure) {
        let root = try Self.root(body)
        var sentType = ""
        var sentConfig = JSONValue.object([])
        for member in root.members {
            let name = member.key.string ?? ""
            guard members.contains(name) else { throw .payload("unknown member \"\(name.prefix(100))\"") }
            switch (name, member.value.kind) {
            case ("type", .string): sentType = member.value.string ?? ""
            case ("type", .null): sentType = ""
            case ("config", .object): sentConfig = JSONValue(member.value)
            case ("config", .null): sentConfig = .object([])
            default: throw .payload(name == "type" ? "type is not a text" : "config is not an object")
            }
        }
        guard let type = IntegrationType(sent: sentType) else { throw .unknownType(sentType) }
        guard sentConfig.json.count <= Self.configLimit else { throw .tooLarge(Self.configLimit) }
        self.type = type
        config = sentConfig
    }

    private static func root(_ body: [UInt8]) throws(ObservabilityFailure) -> JSONNode {
        guard body.count <= limit else { throw .payload("the body is longer than \(limit) bytes") }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(body)
        } catch {
            throw .payload("\(error.message) at byte \(error.offset)")
        }
        guard !document.sawDeepNesting else { throw .payload("the body is nested too deep") }
        guard document.isStorable else { throw .payload("the body has U+0000 or half a character") }
        guard document.root.kind == .object else { throw .payload("the body is not an object") }
        return document.root
    }
}
