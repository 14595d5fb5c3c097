internal import Glibc

/// Why a call of the journal failed.
///
/// `reason` is a bounded word for metric labels; `description` is for operators and never holds a body.
package enum JournalError: Error, Hashable, Sendable {
    /// More bytes wait for the disk than the settings allow; the client should repeat later (503).
    case overloaded(bufferedBytes: Int)
    /// The line is longer than `JournalConfiguration.maxLineBytes` (413).
    case lineTooLarge(bytes: Int, limit: Int)
    /// The body or a member holds a line feed, which would cut the line in two (the caller's mistake).
    case lineFeedInside
    /// No space is left for this line, not even after a fresh segment was tried (507).
    case diskFull(SystemFailure)
    /// The line could not be written or synced, not even in a fresh segment (503).
    case writeFailed(SystemFailure)
    /// The journal is closed or closing (503).
    case closed
    /// Another process, or another opener in this one, holds the directory.
    case locked(path: String, by: LockHolder)
    /// `journal.json` is missing beside segments, or unreadable.
    case identityUnreadable(path: String)
    /// A segment was compressed with a codec that was not given.
    case codecMissing(path: String)
    /// The codec refused a segment's bytes.
    case codecFailed(path: String, message: String)
    /// Two directories to be merged hold the same journal.
    case sameJournalTwice(String, String)
    /// The operating system refused something other than the writing of lines.
    case system(SystemFailure)

    /// A word from a bounded set, for metric labels.
    package var reason: String {
        switch self {
        case .overloaded: "overloaded"
        case .lineTooLarge: "line_too_large"
        case .lineFeedInside: "line_feed_inside"
        case .diskFull: "disk_full"
        case .writeFailed: "write_failed"
        case .closed: "closed"
        case .locked: "locked"
        case .identityUnreadable: "identity_unreadable"
        case .codecMissing: "codec_missing"
        case .codecFailed: "codec_failed"
        case .sameJournalTwice: "same_journal_twice"
        case .system: "system"
        }
    }
}

extension JournalError: CustomStringConvertible {
    /// A sentence for operators.
    package var description: String {
        switch self {
        case .overloaded(let bytes):
            "the journal already buffers \(bytes) bytes that wait for the disk"
        case .lineTooLarge(let bytes, let limit):
            "a journal line of \(bytes) bytes is longer than the limit of \(limit)"
        case .lineFeedInside:
            "the body or a member of a journal line holds a line feed"
        case .diskFull(let failure):
            "the journal's disk is full: \(failure)"
        case .writeFailed(let failure):
            "the journal could not be written: \(failure)"
        case .closed:
            "the journal is closed"
        case .locked(let path, let holder):
            "the journal at \"\(path)\" is in use by \(holder)"
        case .identityUnreadable(let path):
            "\"\(path)\" is missing or unreadable although journal segments exist; restore it from a backup, "
                + "or load the segments elsewhere with `weir replay`"
        case .codecMissing(let path):
            "\"\(path)\" is compressed, and no codec was given to read it"
        case .codecFailed(let path, let message):
            "\"\(path)\" could not be compressed or decompressed: \(message)"
        case .sameJournalTwice(let first, let second):
            "\"\(first)\" and \"\(second)\" hold the same journal, perhaps one is a copy; give one of them"
        case .system(let failure):
            failure.description
        }
    }
}

/// A failed system call: its name, its file, and the reason.
package struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call's name, for example `fdatasync`.
    package let operation: String
    /// The file or directory.
    package let path: String
    /// The `errno` value.
    package let code: Int32

    /// Makes a failure from its parts.
    package init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// The disk or its quota is used up: the reserve counts against either.
    var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    /// For example `fdatasync of "/x/y" failed: No space left on device (28)`.
    package var description: String {
        "\(operation) of \"\(path)\" failed: \(FileSystem.message(of: code)) (\(code))"
    }
}

/// The holder of the lock on a journal directory, from its lock file.
package struct LockHolder: Hashable, Sendable, CustomStringConvertible {
    /// The text of the lock file, for example `pid 4711 on host alder since 2026-11-20T20:05:42.570541Z`.
    package let description: String

    /// The process id in the text, if it can be read.
    package var processID: Int32? {
        let words = description.split(separator: " ")
        return words.count > 1 && words[0] == "pid" ? Int32(words[1]) : nil
    }
}

/// Bytes or lines of the journal that are lost or unreadable; the receiver must log or count it.
package struct DamageReport: Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Cause: String, Hashable, Sendable {
        /// Bytes that are not a line, or a line whose checksum is wrong.
        case unreadableBytes
        /// Lines are missing.
        case missingLines
        /// The whole file is missing.
        case missingSegment
    }

    /// What is wrong.
    package let cause: Cause
    /// The segment's file name.
    package let segment: String
    /// The unreadable bytes, as offsets in the (uncompressed) segment, if there are any.
    package let bytes: Range<Int64>?
    /// The sequence numbers that cannot be read; nil if no line is missing.
    package let missing: ClosedRange<Int64>?

    /// A sentence for operators.
    package var description: String {
        var text = "journal segment \(segment): "
        switch cause {
        case .unreadableBytes: text += "unreadable bytes"
        case .missingLines: text += "missing lines"
        case .missingSegment: text += "the file is missing"
        }
        if let bytes { text += " at offsets \(bytes.lowerBound) to \(bytes.upperBound)" }
        if let missing {
            text += ", lines \(missing.lowerBound) to \(missing.upperBound) are lost"
        } else {
            text += ", no line is lost"
        }
        return text
    }
}
