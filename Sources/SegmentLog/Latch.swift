package import Disk
package import JSON

/// Why a log takes no more records until it is opened again, and since when; it can still be read.
package struct Latch: Sendable, Hashable {
    /// The log's name.
    package let log: String
    /// The write or sync that failed.
    package let cause: DiskError
    package let since: Timestamp

    package init(log: String, cause: DiskError, since: Timestamp) {
        self.log = log
        self.cause = cause
        self.since = since
    }
}
