/// A regular expression that matches a whole value, in time that grows with its length times that of the value.
///
/// It is RE2's syntax without look-around and back-references, on characters of Unicode: `.`, `[a-z]`, `[^…]`, `\d`,
/// `\w`, `\s` and their opposites, `( )`, `(?: )`, `|`, `*`, `+`, `?`, `{n}`, `{n,}` and `{n,m}`, lazy forms, `^` and `$`
/// at the ends. All alternatives are followed at once, so that no pattern can take exponential time.
package struct RegularExpression: Sendable {
    /// What is wrong with a pattern, as a sentence.
    package struct SyntaxError: Error {
        package let message: String
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
        /// Ascending, and apart from each other, once a pattern is read.
        var ranges: [ClosedRange<UInt32>] = []
        var isNegated = false

        func contains(_ scalar: UInt32) -> Bool {
            var (low, high) = (0, ranges.count)
            while low < high {
                let middle = (low + high) / 2
                if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
            }
            return (low < ranges.count && ranges[low].contains(scalar)) != isNegated
        }

        /// The same set, in order.
        var sorted: Characters {
            var joined: [ClosedRange<UInt32>] = []
            for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if let last = joined.last, range.lowerBound <= last.upperBound + 1 {
                    joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
                } else {
                    joined.append(range)
                }
            }
            return Characters(ranges: joined, isNegated: isNegated)
        }
    }

    /// The most steps of a pattern.
    static let mostSteps = 1000
    private let steps: [Step]

    /// Reads a pattern of UTF-8.
    ///
    /// - Throws: what is wrong with it, as a sentence without a full stop.
    package init(_ pattern: [UInt8]) throws(SyntaxError) {
        var parser = try PatternParser(pattern)
        let tree = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.compile(tree)
        steps = compiler.steps + [.accept]
    }

    /// Whether the whole value matches. Each step that is tried takes one from `work`; at zero nothing matches.
    package func matches(_ value: [UInt8], _ work: inout Int) -> Bool {
        var current = StepSet(steps.count)
        var next = StepSet(steps.count)
        var open: [Int] = []
        add(0, to: &current, &open)
        for scalar in String(decoding: value, as: UTF8.self).unicodeScalars {
            work -= current.list.count + 1
            guard !current.list.isEmpty, work > 0 else { return false }
            for index in current.list {
                if case .one(let characters) = steps[index], characters.contains(scalar.value) {
                    add(index + 1, to: &next, &open)
                }
            }
            swap(&current, &next)
            next.removeAll()
        }
        return current.contains(steps.count - 1)
    }

    /// Adds a step, and those that it reaches without a character.
    private func add(_ step: Int, to set: inout StepSet, _ open: inout [Int]) {
        open.append(step)
        while let index = open.popLast() {
            guard set.insert(index) else { continue }
            switch steps[index] {
            case .one, .accept: break
            case .jump(let target): open.append(target)
            case .split(let first, let second):
                open.append(second)
                open.append(first)
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
    case one(RegularExpression.Characters)
    case sequence([PatternNode])
    case either([PatternNode])
    /// Without an upper bound when `most` is nil.
    case repeated(PatternNode, least: Int, most: Int?)
}

/// Turns a tree into steps.
struct PatternCompiler {
    private(set) var steps: [RegularExpression.Step] = []

    mutating func compile(_ node: PatternNode) throws(RegularExpression.SyntaxError) {
        guard steps.count < RegularExpression.mostSteps else {
            throw RegularExpression.SyntaxError(message: "the pattern is too large: use shorter repetitions")
        }
        switch node {
        case .empty: break
        case .one(let characters): steps.append(.one(characters))
        case .sequence(let parts): for part in parts { try compile(part) }
        case .either(let parts): try either(parts[...])
        case .repeated(let part, let least, let most): try repeated(part, least, most)
        }
    }

    private mutating func either(_ parts: ArraySlice<PatternNode>) throws(RegularExpression.SyntaxError) {
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
        throws(RegularExpression.SyntaxError)
    {
        for _ in 0..<least {
            let before = steps.count
            try compile(part)
            // What takes no character takes none however often.
            if steps.count == before { return }
        }
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
