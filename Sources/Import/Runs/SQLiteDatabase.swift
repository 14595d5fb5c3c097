internal import CSQLite

/// An error of SQLite.
struct SQLiteError: Error, CustomStringConvertible {
    /// The primary result code, such as `SQLITE_CORRUPT`.
    let code: Int32
    let message: String

    var description: String { message }

    /// Whether the file could be read only after writing to it: an interrupted transaction has to be rolled back.
    var needsRecovery: Bool { code == SQLITE_READONLY || code == SQLITE_CANTOPEN }
}

/// An open database file. Belongs to one thread.
final class SQLiteDatabase {
    /// How a file is opened.
    enum Access {
        /// Read-only, with locks, since others may use it at the same time.
        case shared
        /// As a file that no process has open, without locks; leaves no files beside it.
        case unshared
        /// For a private copy.
        case owned
    }

    private let handle: OpaquePointer

    /// Opens an existing file.
    init(path: String, _ access: Access) throws(SQLiteError) {
        let writing = access == .owned ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        let flags = writing | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(Self.uri(path, access), &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let error = SQLiteError(code: code & 0xFF, message: Self.message(handle, code))
            sqlite3_close(handle)
            throw error
        }
        self.handle = handle
        // The service that owns the file may be writing at this moment.
        sqlite3_busy_timeout(handle, 10_000)
    }

    deinit {
        sqlite3_close(handle)
    }

    /// Prepares one statement.
    func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code) }
        return SQLiteStatement(statement, of: self)
    }

    func error(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code & 0xFF, message: Self.message(handle, code))
    }

    private static func message(_ handle: OpaquePointer?, _ code: Int32) -> String {
        String(cString: handle.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    }

    private static func uri(_ path: String, _ access: Access) -> String {
        var uri = "file:"
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
                UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                uri.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                uri += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return access == .unshared ? uri + "?immutable=1" : uri
    }
}

/// A prepared statement. Belongs to the thread of its database.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let database: SQLiteDatabase

    fileprivate init(_ handle: OpaquePointer, of database: SQLiteDatabase) {
        self.handle = handle
        self.database = database
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Gives parameter `index`, from 1, a value.
    func bind(_ value: Int64, at index: Int32) {
        sqlite3_bind_int64(handle, index, value)
    }

    /// Goes to the next row; false after the last one.
    func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else { throw database.error(code) }
        return false
    }

    /// Ends the reading, so that no lock is held, and makes the statement ready for another one.
    func reset() {
        sqlite3_reset(handle)
    }

    /// The value of a column of this row, from 0.
    func value(_ column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
        default: .text(bytes(column))
        }
    }

    /// The column as text, whatever type it has; nil for null.
    func text(_ column: Int32) -> String? {
        guard sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    private func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(sqlite3_column_bytes(handle, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}

/// A value as SQLite stores it: a column's declared type is not enforced.
enum SQLiteValue: Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])
}
