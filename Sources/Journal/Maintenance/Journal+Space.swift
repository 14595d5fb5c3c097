internal import Dispatch
internal import Glibc
internal import Logging
internal import Synchronization

// The journal's disk space, and its reserve for a full disk.

extension Journal {
    /// Bytes that the segments occupy on disk, line feeds written in advance included.
    package var diskUsage: Int64 {
        let snapshot = catalog.snapshot
        let directory = setup.configuration.segmentDirectory
        return (snapshot.sealed + [snapshot.active].compactMap(\.self)).reduce(0) {
            $0 + FileSystem.allocatedBytes(directory + "/" + $1.name.text)
        }
    }

    /// Free and total bytes of the file system that holds the journal. Throws `.system`.
    package func diskSpace() throws(JournalError) -> (free: Int64, total: Int64) {
        do throws(SystemFailure) {
            return try FileSystem.space(at: setup.configuration.directory)
        } catch {
            throw .system(error)
        }
    }

    /// Whether the reserve file holds its space.
    package var isReserveHeld: Bool {
        setup.configuration.reserveBytes > 0 && reserve.isHeld
    }

    /// Takes the reserve file's space again if it was given up and the disk has twice as much; true if it is held
    /// now. Until then lines that may not use the reserve are refused with `.diskFull`.
    ///
    /// The journal tries every ten seconds by itself. Blocks while the file is written.
    @discardableResult
    package func restoreReserve() -> Bool {
        guard reserve.bytes > 0 else { return false }
        return reserveWork.withLock { _ in
            guard !reserve.isHeld else { return true }
            return makeReserve()
        }
    }

    private func makeReserve() -> Bool {
        do throws(SystemFailure) {
            let free = try FileSystem.space(at: setup.configuration.directory).free
            guard free >= reserve.bytes * 2 else {
                throw SystemFailure(operation: "reserve", path: reserve.path, code: ENOSPC)
            }
            try reserve.make()
        } catch {
            setup.logger.warning("journal reserve not taken", metadata: ["error": "\(error)"])
            scheduleReserve()
            return false
        }
        pending.setRefusal(nil)
        setup.observer.reserveHeld(true)
        return true
    }

    /// Frees the reserve's space for the batch being written and later lines that may use it.
    func giveUpReserve() {
        guard reserve.giveUp() else { return }
        pending.setRefusal(.diskFull(SystemFailure(operation: "write", path: reserve.path, code: ENOSPC)))
        setup.observer.reserveHeld(false)
        setup.logger.critical("journal disk full, reserve given up", metadata: ["path": "\(reserve.path)"])
        scheduleReserve()
    }

    private func scheduleReserve() {
        let isDue = isReserveRetryDue.withLock { isDue in
            defer { isDue = true }
            return isDue
        }
        guard !isDue else { return }
        background.asyncAfter(deadline: .now() + .seconds(10)) { [weak self] in
            self?.isReserveRetryDue.withLock { $0 = false }
            self?.restoreReserve()
        }
    }
}
