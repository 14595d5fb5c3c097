/// The file `journal.json`, which can be written on a full disk, too: otherwise no Weir could start there, and what is
/// stored already could not be read until somebody had made room.
struct IdentityFile: Sendable {
    let path: String
    private let files: FileOperations
    private let spare: ReserveFile

    init(directory: String, files: FileOperations) {
        path = directory + "/journal.json"
        self.files = files
        spare = ReserveFile(path: directory + "/journal.spare", bytes: 65_536, files: files)
    }

    /// Replaces the file, durably. A spare piece of the disk is given up for it if need be, and taken again.
    func write(_ identity: JournalIdentity) throws(SystemFailure) {
        let bytes = identity.rendered()
        do throws(SystemFailure) {
            try FileSystem.replace(path, with: bytes, files: files)
        } catch {
            guard error.isDiskFull, spare.giveUp() else { throw error }
            try FileSystem.replace(path, with: bytes, files: files)
        }
        // Without it nothing is lost but the start on a full disk.
        try? spare.make()
    }
}
