extension BackupMaker.Plan {
    /// The plan from the settings.
    package init(_ settings: Settings) throws {
        self.init(
            BackupShelf(try Self.directory(settings)),
            keep: settings.backupKeep,
            minFree: Int64(settings.backupMinFree),
            binaries: settings.postgresBinaries
        )
    }

    static func directory(_ settings: Settings) throws -> String {
        if let directory = settings.backupDirectory {
            let path = BackupFiles.absolute(directory)
            return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        }
        return try DataDirectory(preparing: settings.dataDirectory, for: settings).path + "/backups"
    }
}
