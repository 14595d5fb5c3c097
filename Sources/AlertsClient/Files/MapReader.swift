internal import Configuration

/// Reads the entries of a map one by one, and collects what is wrong with them.
struct MapReader {
    let file: String
    /// What the keys that nobody takes should have been; those that were asked for when it is empty.
    var expects: [String] = []

    private let path: String
    private var entries: [YAMLNode.Entry]
    private var asked: [String] = []
    private var lines: [String: Int] = [:]
    private var problems: [FileProblem] = []

    /// A map; anything else has no entries and is a problem.
    init(_ node: YAMLNode, file: String, path: String, line: Int? = nil) {
        self.file = file
        self.path = path
        entries = node.entries ?? []
        if node.entries == nil, !node.isNull { report(line ?? node.line, "is \(node.kind), not a map") }
    }

    var hasProblem: Bool { !problems.isEmpty }

    /// The problems, with one for each key that nobody has taken.
    consuming func finish() -> [FileProblem] {
        let known = expects.isEmpty ? asked : expects
        for entry in entries {
            report(entry.line, "\(entry.key) is not known here: there are \(known.joined(separator: ", "))")
        }
        return problems
    }

    mutating func report(_ line: Int, _ message: String) {
        let text = path.isEmpty ? message : "\(path): \(message)"
        problems.append(FileProblem(file: file, line: line, message: text))
    }

    mutating func ignore(_ isMeant: (String) -> Bool) { entries.removeAll { isMeant($0.key) } }

    /// Where the value of a key that was taken stands.
    func line(_ key: String) -> Int? { lines[key] }

    /// An entry that has a value.
    mutating func take(_ key: String) -> YAMLNode.Entry? {
        asked.append(key)
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: index)
        lines[key] = entry.line
        return entry.value.isNull ? nil : entry
    }

    mutating func text(_ key: String) -> String? {
        guard let entry = take(key) else { return nil }
        guard let text = entry.value.text else { return mistaken(entry, "a text") }
        return text
    }

    mutating func flag(_ key: String) -> Bool? {
        guard let entry = take(key) else { return nil }
        return entry.value.flag ?? mistaken(entry, "true or false")
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(_ key: String, _ type: Word.Type) -> Word?
    where Word.RawValue == String {
        guard let text = text(key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        report(
            lines[key] ?? 0,
            "\(key) is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))"
        )
        return nil
    }

    /// A duration such as `30m`, in whole seconds.
    mutating func seconds(_ key: String) -> Int? {
        guard let entry = take(key) else { return nil }
        guard let duration = entry.value.text.flatMap({ DurationText($0) })?.duration,
            duration.components.attoseconds == 0, let seconds = Int(exactly: duration.components.seconds)
        else {
            return mistaken(entry, "a duration such as 30m, 2h or 1d")
        }
        return seconds
    }

    /// A list of texts, or one text.
    mutating func texts(_ key: String) -> [String]? {
        guard let entry = take(key) else { return nil }
        if let text = entry.value.text { return [text] }
        guard let elements = entry.value.elements else { return mistaken(entry, "a list of texts") }
        let texts = elements.compactMap(\.text)
        return texts.count == elements.count ? texts : mistaken(entry, "a list of texts")
    }

    mutating func map(_ key: String) -> [YAMLNode.Entry]? {
        guard let entry = take(key) else { return nil }
        return entry.value.entries ?? mistaken(entry, "a map")
    }

    private mutating func mistaken<Value>(_ entry: YAMLNode.Entry, _ what: String) -> Value? {
        report(entry.line, "\(entry.key) is not \(what)")
        return nil
    }
}
