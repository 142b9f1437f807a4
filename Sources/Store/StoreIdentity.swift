package import Disk
package import JSON
internal import SegmentLog

/// The identity of a data directory, in `ledge.json`.
///
/// Shape: one checked line, whose seed is the hash of the text `ledge.json`:
///
///     {"format":1,"created_at":"2026-11-23T19:16:04.123456Z","instance_id":"…","xxh3":"0123456789abcdef"}
///
/// Written once, before anything else in the directory, and never changed by this format.
package struct StoreIdentity: Sendable, Hashable {
    /// The format of the directory.
    package static let format = 1

    private static let seed = XXH3.hash64("ledge.json")

    package let createdAt: Timestamp
    /// A random UUID, created with the directory.
    package let instanceID: String

    private init(createdAt: Timestamp, instanceID: String) {
        self.createdAt = createdAt
        self.instanceID = instanceID
    }

    /// Reads the identity of a directory, or creates it if the directory is new.
    init(of directory: DataDirectory, on disk: any Disk, clock: () -> Timestamp) throws(StoreError) {
        if let found = try Self.read(directory, on: disk) {
            self = found
            return
        }
        self.init(createdAt: clock(), instanceID: UniqueID.random())
        try StoreError.wrap(disk.publish(line, at: directory.identity))
    }

    /// Returns whether a directory has no identity yet, and may become a data directory.
    ///
    /// - Throws: ``StoreError/notADataDirectory(_:)`` if it has stored data without an identity, which cannot result from
    ///   a crash, because the identity is durable before all else is created; ``StoreError/notEmpty(_:)`` if it has other
    ///   files and they are not allowed.
    static func isMissing(
        in directory: DataDirectory,
        allowingFiles: Bool,
        on disk: any Disk
    ) throws(StoreError) -> Bool {
        guard try StoreError.wrap(disk.entry(directory.identity)) == nil else { return false }
        let names = Set(try StoreError.wrap(disk.list(directory.path)))
        guard names.isDisjoint(with: DataDirectory.storedNames) else { throw .notADataDirectory(directory.path) }
        guard allowingFiles || names.isSubset(of: DataDirectory.earlyNames) else { throw .notEmpty(directory.path) }
        return true
    }

    /// Returns the identity of a directory without changing it, or nil if it has none.
    package static func read(_ directory: DataDirectory, on disk: any Disk) throws(StoreError) -> StoreIdentity? {
        guard let line = try StoreError.wrap(disk.contents(of: directory.identity)) else { return nil }
        return try StoreIdentity(parsing: line, path: directory.identity)
    }

    /// Creates a new identity for a directory whose identity is lost.
    package static func renew(_ directory: DataDirectory, at now: Timestamp, on disk: any Disk) throws(StorageError) {
        let identity = StoreIdentity(createdAt: now, instanceID: UniqueID.random())
        try disk.publish(identity.line, at: directory.identity)
    }

    /// Reads the file at `path`.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if it is damaged; ``StoreError/unsupportedFormat(_:)`` if a later build
    ///   has written it.
    init(parsing line: [UInt8], path: String) throws(StoreError) {
        func corrupt(_ reason: Corruption.Reason) -> StoreError {
            .storage(.corrupt(Corruption(path: path, reason: reason)))
        }
        let json: JSONObject
        do { json = try CheckedLine.open(line, seed: Self.seed) } catch { throw corrupt(Corruption.Reason(error)) }
        guard let format = json["format"]?.int else { throw corrupt(.malformed) }
        guard format == Self.format else { throw .unsupportedFormat(Int(format)) }
        guard
            let createdAt = json["created_at"]?.string.flatMap({ Timestamp(parsing: $0) }),
            let instanceID = json["instance_id"]?.string
        else { throw corrupt(.malformed) }
        self.init(createdAt: createdAt, instanceID: instanceID)
    }

    /// The bytes of the file.
    var line: [UInt8] {
        CheckedLine.seal(
            [
                "format": .number(JSONNumber(Int64(Self.format))),
                "created_at": .string(createdAt.description),
                "instance_id": .string(instanceID),
            ],
            seed: Self.seed
        )
    }
}
