internal import Core
internal import Logging

/// The steps, in order, before a journal can take its first line.
struct JournalOpening {
    let setup: JournalSetup

    private var configuration: JournalConfiguration { setup.configuration }
    private var identityFile: IdentityFile {
        IdentityFile(directory: configuration.directory, files: setup.files)
    }

    func run() throws(JournalError) -> (DirectoryLock, JournalIdentity, Recovery.Result) {
        do throws(SystemFailure) {
            try FileSystem.makeDirectory(configuration.directory)
            try FileSystem.makeDirectory(configuration.segmentDirectory)
        } catch {
            throw .system(error)
        }
        let lock = try DirectoryLock(directory: configuration.directory, now: setup.clock())
        var identity = try readIdentity()
        let found = try recover(identity.journal)
        identity.epoch += 1
        identity.next = max(identity.next, found.next)
        identity.unconfirmedAfter = identity.unconfirmedAfter ?? found.last.seq
        do throws(SystemFailure) {
            try identityFile.write(identity)
        } catch {
            throw .system(error)
        }
        return (lock, identity, found)
    }

    /// The stored identity, or a new one for a directory without segments.
    private func readIdentity() throws(JournalError) -> JournalIdentity {
        let identityPath = identityFile.path
        do throws(SystemFailure) {
            if FileSystem.exists(identityPath) {
                let bytes = try FileSystem.contents(of: identityPath)
                guard let identity = JournalIdentity(bytes) else {
                    throw SystemFailure(operation: "parse", path: identityPath, code: 0)
                }
                return identity
            }
            guard try !hasSegments() else {
                throw SystemFailure(operation: "find", path: identityPath, code: 0)
            }
        } catch {
            throw error.code == 0 ? .identityUnreadable(path: identityPath) : .system(error)
        }
        return JournalIdentity(journal: .random(), epoch: 0, next: 1, unconfirmedAfter: nil)
    }

    private func hasSegments() throws(SystemFailure) -> Bool {
        try FileSystem.names(in: configuration.segmentDirectory).contains { SegmentName($0) != nil }
    }

    private func recover(_ journal: UUID128) throws(JournalError) -> Recovery.Result {
        let recovery = Recovery(
            directory: configuration.segmentDirectory,
            codec: setup.codec,
            maxLineBytes: configuration.maxLineBytes,
            journal: journal,
            isRepairing: true,
            files: setup.files
        )
        return try recovery.run()
    }
}
