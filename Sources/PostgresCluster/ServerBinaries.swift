internal import Glibc

/// The programs of one installed PostgreSQL.
package struct ServerBinaries: Hashable, Sendable {
    /// The directory that contains `postgres` and `initdb`.
    package let directory: String
    /// 15 for 15.4.
    package let majorVersion: Int

    /// The oldest supported major version.
    package static let oldestMajorVersion = 14

    /// Finds installed binaries: `explicit` alone if given, else `searchPath`, then the usual places, newest first.
    ///
    /// `explicit` is a directory from the operator (`WEIR_PG_BIN`), `majorVersion` the only acceptable version for
    /// existing data, `searchPath` directories separated by `:` (the environment's `PATH` by default).
    /// - Throws: `ClusterError.noBinaries`, `.unusableBinaries`. Blocks while it runs the programs for their
    ///   versions.
    package static func find(
        explicit: String? = nil,
        majorVersion: Int? = nil,
        searchPath: String? = nil
    ) throws(ClusterError) -> ServerBinaries {
        if let explicit {
            guard let found = probe(explicit), majorVersion == nil || majorVersion == found.majorVersion
            else { throw .unusableBinaries(directory: explicit) }
            return found
        }
        let path = searchPath ?? getenv("PATH").map { String(cString: $0) } ?? ""
        let directories = path.split(separator: ":").map(String.init) + usualDirectories()
        for directory in directories {
            guard let found = probe(directory) else { continue }
            if majorVersion == nil || majorVersion == found.majorVersion { return found }
        }
        throw .noBinaries(searched: directories)
    }

    func path(of program: String) -> String { "\(directory)/\(program)" }

    private static func probe(_ directory: String) -> ServerBinaries? {
        let postgres = "\(directory)/postgres"
        guard access(postgres, X_OK) == 0, access("\(directory)/initdb", X_OK) == 0,
            let answer = try? ChildProcess.run([postgres, "--version"]), answer.status == 0,
            let version = majorVersion(in: answer.output), version >= oldestMajorVersion
        else { return nil }
        return ServerBinaries(directory: directory, majorVersion: version)
    }

    /// Extracts 15 from `postgres (PostgreSQL) 15.4 (Debian …)` or `… 17beta1`.
    static func majorVersion(in text: String) -> Int? {
        guard let word = text.split(separator: " ").first(where: { $0.first?.isNumber == true }) else {
            return nil
        }
        return Int(word.prefix { $0.isNumber })
    }

    static func usualDirectories() -> [String] {
        let debian = entries(of: "/usr/lib/postgresql").compactMap { Int($0) }.sorted(by: >)
            .map { "/usr/lib/postgresql/\($0)/bin" }
        let redHat = entries(of: "/usr").filter { $0.hasPrefix("pgsql-") }
            .compactMap { Int($0.dropFirst("pgsql-".count)) }.sorted(by: >).map { "/usr/pgsql-\($0)/bin" }
        return debian + redHat + ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"]
    }

    private static func entries(of directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }
}
