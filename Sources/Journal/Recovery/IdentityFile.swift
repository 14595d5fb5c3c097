/// The file `journal.json`, which can be written on a full disk, too: otherwise Weir could not start there, and stored
/// data could not be read before an operator made room.
struct IdentityFile: Sendable {
    let path: String
    private let files: FileOperations
    private let spare: ReserveFile

    init(directory: String, files: FileOperations) {
        path = directory + "/journal.json"
        self.files = files
        spare = ReserveFile(path: directory + "/journal.spare", bytes: 65_536, files: files)
    }

    /// Replaces the file, durably. Gives up the spare file if the disk is full, and takes it again.
    func write(_ identity: JournalIdentity) throws(SystemFailure) {
        let bytes = identity.rendered()
        do throws(SystemFailure) {
            try FileSystem.replace(path, with: bytes, files: files)
        } catch {
            guard error.isDiskFull, spare.giveUp() else { throw error }
            try FileSystem.replace(path, with: bytes, files: files)
        }
        // Without it, only a start on a full disk fails.
        try? spare.make()
    }
}
