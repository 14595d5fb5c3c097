/// A regular expression that matches a whole value, in time that grows with its length times that of the value.
///
/// It is RE2's syntax without look-around and back-references, on characters of Unicode: `.`, `[a-z]`, `[^…]`, `\d`,
/// `\w`, `\s` and their opposites, `( )`, `(?: )`, `|`, `*`, `+`, `?`, `{n}`, `{n,}` and `{n,m}`, lazy forms, `^` and `$`
/// at the ends. All alternatives are followed at once, so that no pattern can take exponential time.
struct SeriesPattern: Sendable {
    /// What is wrong with a pattern, as a sentence.
    struct SyntaxError: Error {
        let message: String
    }

    /// A step of the automaton.
    enum Step: Sendable {
        case one(Characters)
        case split(Int, Int)
        case jump(Int)
        case accept
    }

    /// A set of characters.
    struct Characters: Sendable {
        var ranges: [ClosedRange<UInt32>] = []
        var isNegated = false

        func contains(_ scalar: UInt32) -> Bool {
            ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    /// The most steps of a pattern: a value of 4,096 bytes is matched in a millisecond.
    static let mostSteps = 1000
    private let steps: [Step]

    /// Reads a pattern.
    init(_ pattern: [UInt8]) throws(SyntaxError) {
        var parser = try PatternParser(pattern)
        let tree = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.compile(tree)
        steps = compiler.steps + [.accept]
    }

    /// Whether the whole value matches.
    func matches(_ value: [UInt8]) -> Bool {
        var current = StepSet(steps.count)
        var next = StepSet(steps.count)
        add(0, to: &current)
        for scalar in String(decoding: value, as: UTF8.self).unicodeScalars {
            if current.list.isEmpty { return false }
            for index in current.list {
                if case .one(let characters) = steps[index], characters.contains(scalar.value) {
                    add(index + 1, to: &next)
                }
            }
            swap(&current, &next)
            next.removeAll()
        }
        return current.contains(steps.count - 1)
    }

    /// Adds a step, and those that it reaches without a character.
    private func add(_ step: Int, to set: inout StepSet) {
        var open = [step]
        while let index = open.popLast() {
            guard set.insert(index) else { continue }
            switch steps[index] {
            case .one, .accept: break
            case .jump(let target): open.append(target)
            case .split(let first, let second): open += [second, first]
            }
        }
    }
}

/// The steps that an automaton is at.
private struct StepSet {
    private(set) var list: [Int] = []
    private var isIn: [Bool]

    init(_ count: Int) { isIn = Array(repeating: false, count: count) }

    func contains(_ step: Int) -> Bool { isIn[step] }

    mutating func insert(_ step: Int) -> Bool {
        guard !isIn[step] else { return false }
        isIn[step] = true
        list.append(step)
        return true
    }

    mutating func removeAll() {
        for step in list { isIn[step] = false }
        list.removeAll(keepingCapacity: true)
    }
}

/// A pattern as a tree.
indirect enum PatternNode {
    case empty
    case one(SeriesPattern.Characters)
    case sequence([PatternNode])
    case either([PatternNode])
    /// Without an upper bound when `most` is nil.
    case repeated(PatternNode, least: Int, most: Int?)
}

/// Turns a tree into steps.
struct PatternCompiler {
    private(set) var steps: [SeriesPattern.Step] = []

    mutating func compile(_ node: PatternNode) throws(SeriesPattern.SyntaxError) {
        guard steps.count < SeriesPattern.mostSteps else {
            throw SeriesPattern.SyntaxError(message: "the pattern is too large: use shorter repetitions")
        }
        switch node {
        case .empty: break
        case .one(let characters): steps.append(.one(characters))
        case .sequence(let parts): for part in parts { try compile(part) }
        case .either(let parts): try either(parts[...])
        case .repeated(let part, let least, let most): try repeated(part, least, most)
        }
    }

    private mutating func either(_ parts: ArraySlice<PatternNode>) throws(SeriesPattern.SyntaxError) {
        guard let first = parts.first else { return }
        guard parts.count > 1 else { return try compile(first) }
        let split = steps.count
        steps.append(.accept)
        try compile(first)
        let jump = steps.count
        steps.append(.accept)
        steps[split] = .split(split + 1, steps.count)
        try either(parts.dropFirst())
        steps[jump] = .jump(steps.count)
    }

    private mutating func repeated(_ part: PatternNode, _ least: Int, _ most: Int?)
        throws(SeriesPattern.SyntaxError)
    {
        for _ in 0..<least { try compile(part) }
        guard let most else {
            let split = steps.count
            steps.append(.accept)
            try compile(part)
            steps.append(.jump(split))
            steps[split] = .split(split + 1, steps.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<max(least, most) {
            splits.append(steps.count)
            steps.append(.accept)
            try compile(part)
        }
        for split in splits { steps[split] = .split(split + 1, steps.count) }
    }
}
