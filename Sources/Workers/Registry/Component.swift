internal import Core

/// The kinds of components that register and report. Contract noetl §2.1.
enum ComponentType: String, CaseIterable, Sendable {
    case workerPool = "worker_pool"
    case serverAPI = "server_api"
    case broker

    /// Of two components with one name, the one whose type comes first is meant.
    var rank: Int {
        switch self {
        case .workerPool: 0
        case .serverAPI: 1
        case .broker: 2
        }
    }
}

/// What is unique in the registry: a type and a name, which is case-sensitive.
struct ComponentKey: Hashable, Sendable {
    /// The most bytes of a name: PostgreSQL has it in an index, whose rows are at most 2,704 bytes long.
    static let longestName = 1024

    let type: ComponentType
    let name: String

    // Compared by bytes: to Swift, texts are equal that PostgreSQL tells apart.
    static func == (left: ComponentKey, right: ComponentKey) -> Bool {
        left.type == right.type && left.name.utf8.elementsEqual(right.name.utf8)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        for byte in name.utf8 { hasher.combine(byte) }
    }
}

/// A registered component.
struct Component: Hashable, Sendable {
    let key: ComponentKey
    /// A snowflake number: beyond 2^53, so that it never passes through a double.
    let id: Int64
}
