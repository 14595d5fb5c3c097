package import WeirApp

extension BackupMaker.Plan {
    /// What the settings say about copies.
    package init(_ settings: Settings) throws {
        self.init(
            BackupShelf(try BackupShelf.directory(settings)),
            keep: settings.backupKeep,
            minFree: Int64(settings.backupMinFree),
            binaries: settings.postgresBinaries
        )
    }
}
