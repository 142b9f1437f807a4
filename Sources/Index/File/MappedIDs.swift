internal import Disk
internal import JSON

/// The ids of a collection whose documents can be replaced: each with its last row, in order.
struct SortedIDs: Sendable {
    let dictionary: MappedDictionary
    private let rows: PackedColumn
    private let rowCount: Int

    init(_ section: IndexHeader.Section, in map: CheckedMap, rowCount: Int) {
        self.rowCount = rowCount
        let parts = section.parts.map { MappedPart(map: map, range: $0) }
        dictionary = MappedDictionary(ends: parts[0], values: parts[1], count: section.count)
        rows = PackedColumn(part: parts[2], count: section.count)
    }

    func lastRow(of id: Text) throws(StorageError) -> Int? {
        guard let position = try dictionary.position(of: id) else { return nil }
        return try row(at: position)
    }

    func row(at position: Int) throws(StorageError) -> Int {
        try rows.row(at: position, below: rowCount)
    }
}

/// The ids of events: 16 bits of the hash of each, and its row, in buckets of about 16.
///
/// A found row is confirmed by its record; one of 4,000 lookups of unknown ids reads a record in vain. The seed of the
/// hashes is secret: with a known one, a client could choose thousands of ids that each lookup has to confirm.
/// Rejected: storing the ids, which need three times as much space.
struct HashedIDs: Sendable {
    static let bucketRowCount = 16
    /// How many records a lookup reads in vain before it fails, so that the file is rebuilt with another seed: ids that
    /// were chosen without the seed come this far in less than one of 10^30 lookups.
    static let vainCountMax = 8

    /// The start of each bucket, then the end of the last one.
    private let starts: PackedColumn
    private let fingerprints: MappedPart
    /// In ascending order within a bucket.
    private let rows: PackedColumn
    private let rowCount: Int
    private let seed: UInt64

    init(_ section: IndexHeader.Section, in map: CheckedMap, rowCount: Int, seed: UInt64) {
        self.rowCount = rowCount
        self.seed = seed
        let parts = section.parts.map { MappedPart(map: map, range: $0) }
        starts = PackedColumn(part: parts[0], count: Self.bucketCount(of: rowCount) + 1)
        fingerprints = parts[1]
        rows = PackedColumn(part: parts[2], count: rowCount)
    }

    static func bucketCount(of rowCount: Int) -> Int {
        (rowCount + bucketRowCount - 1) / bucketRowCount
    }

    /// Returns the bucket of a hash: buckets divide the range of hashes evenly.
    static func bucket(of hash: UInt64, bucketCount: Int) -> Int {
        Int(hash.multipliedFullWidth(by: UInt64(bucketCount)).high)
    }

    /// Returns the stored part of a hash: its lowest bits, which do not determine the bucket.
    static func fingerprint(of hash: UInt64) -> UInt16 {
        UInt16(truncatingIfNeeded: hash)
    }

    func lastRow(of id: Text, confirm: (Int) throws(StorageError) -> Bool) throws(StorageError) -> Int? {
        guard rowCount > 0 else { return nil }
        let hash = XXH3.hash64(id.string, seed: seed)
        let bucket = Self.bucket(of: hash, bucketCount: Self.bucketCount(of: rowCount))
        let start = Int(try starts.value(at: bucket))
        let end = Int(try starts.value(at: bucket + 1))
        guard start >= 0, start <= end, end <= rowCount else {
            throw fingerprints.corrupt()
        }
        let bytes = try fingerprints.bytes(at: start * 2, count: (end - start) * 2)
        var vainCount = 0
        for entry in (start..<end).reversed()
        where bytes.littleEndian(at: (entry - start) * 2, as: UInt16.self) == Self.fingerprint(of: hash) {
            let row = try rows.row(at: entry, below: rowCount)
            if try confirm(row) { return row }
            vainCount += 1
            guard vainCount < Self.vainCountMax else { throw fingerprints.map.corrupt(.collidingIDs) }
        }
        return nil
    }
}

extension PackedColumn {
    /// Returns a number of the column, which must be a row.
    fileprivate func row(at position: Int, below rowCount: Int) throws(StorageError) -> Int {
        let row = Int(try value(at: position))
        guard row >= 0, row < rowCount else { throw part.corrupt() }
        return row
    }
}
