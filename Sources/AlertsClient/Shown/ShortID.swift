/// Ids as people type them.
///
/// Ids of the same minute begin alike, since they begin with their time: lists show their ends.
package enum ShortID {
    /// The last characters of an id: as many as tell it from the others, at least eight.
    static func text(_ id: String, among ids: [String]) -> String {
        for length in 8..<max(9, id.count) {
            let end = id.suffix(length)
            if !end.hasPrefix("-"), ids.filter({ $0.hasSuffix(end) }).count <= 1 { return String(end) }
        }
        return id
    }

    /// The one that is meant by an id, or by a beginning or an end of it that only one has.
    package static func find<Item>(
        _ text: String,
        among items: [Item],
        called what: String,
        id: (Item) -> String
    ) throws(AlertsFailure) -> Item {
        let text = text.lowercased()
        if let exact = items.first(where: { id($0) == text }) { return exact }
        let found = text.count < 4 ? [] : items.filter { id($0).hasPrefix(text) || id($0).hasSuffix(text) }
        guard found.count <= 1 else {
            let ids = found.prefix(5).map(id).joined(separator: ", ")
            throw AlertsFailure("\(found.count) \(what)s have ids that begin or end with \(text): \(ids)")
        }
        guard let one = found.first else {
            let hint = text.count < 4 ? "; name at least four characters of its id" : ""
            throw AlertsFailure("there is no such \(what): \(text)\(hint)")
        }
        return one
    }

    /// The one that has a name; otherwise the one that is meant by an id.
    package static func find<Item>(
        named text: String,
        among items: [Item],
        called what: String,
        name: (Item) -> String,
        id: (Item) -> String
    ) throws(AlertsFailure) -> Item {
        let found = items.filter { name($0) == text }
        guard found.count <= 1 else {
            throw AlertsFailure(
                "\(found.count) \(what)s are called \(text): name one by its id, "
                    + found.map(id).joined(separator: " or ")
            )
        }
        if let one = found.first { return one }
        return try find(text, among: items, called: what, id: id)
    }
}
