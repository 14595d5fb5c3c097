internal import Glibc

/// Which files are imported, and in which order.
struct ImportPlan {
    /// A file of a known format.
    struct File {
        let path: String
        let format: ImportFormat
        /// In bytes.
        var size: Int64 = 0
    }

    private(set) var files: [File] = []
    /// Files of a directory that are not for import, with the reason.
    private(set) var skipped: [String] = []
    /// Paths that cannot be imported, with the reason.
    private(set) var failed: [String] = []

    /// Classifies all paths.
    ///
    /// Databases go first: the first body of a run wins, and they contain changes after its end.
    init(_ options: ImportOptions) {
        for path in options.paths {
            if let names = Self.names(in: path) {
                let base = path.hasSuffix("/") ? path : path + "/"
                for name in names { look(at: base + name, options, isNamed: false) }
            } else {
                look(at: path, options, isNamed: true)
            }
        }
        let order = ImportFormat.allCases
        files = order.flatMap { format in
            files.filter { $0.format == format }.map { file in
                File(path: file.path, format: format, size: (try? FileReader(path: file.path).size) ?? 0)
            }
        }
    }

    private mutating func look(at path: String, _ options: ImportOptions, isNamed: Bool) {
        do throws(ImportFailure) {
            let finding = try ImportFormat.recognise(path, separator: options.separator)
            switch (finding, options.format) {
            case (.empty, _): skipped.append("\(path) is empty")
            case (.other(let why), _): leave(path, why, isNamed)
            case (.format(let format), nil): files.append(File(path: path, format: format))
            case (.format(let format), let wanted?) where format == wanted:
                files.append(File(path: path, format: format))
            case (.format(let format), _): leave(path, "is \(format.words): leave out --format", isNamed)
            case (.unknown, .sqlite): leave(path, "is no SQLite database", isNamed)
            case (.unknown, let wanted?): files.append(File(path: path, format: wanted))
            case (.unknown, nil):
                leave(
                    path,
                    "is no file that Weir can import: neither SQLite, nor NDJSON of runs, nor a trace file",
                    isNamed
                )
            }
        } catch {
            leave(path, error.description, isNamed)
        }
    }

    /// Files of a directory that are not for import are skipped; for named ones this is an error.
    private mutating func leave(_ path: String, _ why: String, _ isNamed: Bool) {
        if isNamed { failed.append("\(path) \(why)") } else { skipped.append("\(path) \(why)") }
    }

    /// The names in a directory, sorted; nil if it is not a directory. Files that belong to a database are left out.
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
