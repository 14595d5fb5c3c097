/// A journal's directory and limits; every number is a setting.
package struct JournalConfiguration: Sendable {
    /// The data directory; segments go to `raw/` below it. It is created if missing (mode 0700).
    package var directory: String
    /// A segment is closed when the next batch would make it longer than this many bytes.
    package var segmentBytes: Int64 = 256 << 20
    /// How many bytes of line feeds are kept written ahead of the lines; 0 turns writing in advance off.
    package var prefillBytes: Int64 = 4 << 20
    /// How many bytes may wait for the disk before `append` fails with `.overloaded`. One line always fits.
    package var bufferBytes = 64 << 20
    /// The least time from one group commit to the next while many write at once, three times as much while readers
    /// are behind; zero for none.
    package var commitInterval: Duration = .milliseconds(1)
    /// The longest line, in bytes.
    package var maxLineBytes = 34 << 20
    /// How many bytes of recent lines are kept in memory for readers, in all.
    package var windowBytes = 4 << 20
    /// The size of the reserve file that is given up when the disk is full; 0 for none.
    package var reserveBytes: Int64 = 64 << 20
    /// How long loaded segments are kept, counted from the end of their day.
    package var keep: Duration = .seconds(14 * 86_400)
    /// Loaded segments are removed early, oldest first, while all segments together are larger; nil for no limit.
    package var maxBytes: Int64?
    /// Loaded segments are compressed this long after the end of their day, if a codec was given.
    package var compressAfter: Duration = .seconds(86_400)

    /// The settings of a journal at `directory`, with the defaults for all else.
    package init(directory: String) {
        self.directory = directory
    }

    var segmentDirectory: String { directory + "/raw" }
}
