internal import Glibc

/// Which files are imported, and in which order.
struct ImportPlan {
    /// A file of a known format.
    struct File {
        let path: String
        let format: ImportFormat
    }

    private(set) var files: [File] = []
    /// Files of a directory that are not for import, with the reason.
    private(set) var skipped: [String] = []
    /// Paths that cannot be imported, with the reason.
    private(set) var failed: [String] = []

    /// Looks at all paths.
    ///
    /// Databases go first: the first body of a run wins, and they know what was changed after its end.
    init(_ options: ImportOptions) {
        for path in options.paths {
            if let names = Self.names(in: path) {
                let base = path.hasSuffix("/") ? path : path + "/"
                for name in names { look(at: base + name, options.format, isNamed: false) }
            } else {
                look(at: path, options.format, isNamed: true)
            }
        }
        let order = ImportFormat.allCases
        files = order.flatMap { format in files.filter { $0.format == format } }
    }

    private mutating func look(at path: String, _ format: ImportFormat?, isNamed: Bool) {
        do throws(ImportFailure) {
            let finding: ImportFormat.Finding
            if let format { finding = .format(format) } else { finding = try ImportFormat.recognise(path) }
            switch finding {
            case .format(let format): files.append(File(path: path, format: format))
            case .empty: skipped.append("\(path) is empty")
            case .other(let why) where isNamed: failed.append("\(path) \(why)")
            case .other(let why): skipped.append("\(path) \(why)")
            }
        } catch {
            if isNamed { failed.append("\(path) \(error)") } else { skipped.append("\(path) \(error)") }
        }
    }

    /// The names in a directory, sorted; nil for what is none. What belongs to a database goes with it.
    private static func names(in path: String) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let isHidden = name.hasPrefix(".")
            if !isHidden, !["-wal", "-shm", "-journal"].contains(where: name.hasSuffix) {
                names.append(name)
            }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
