internal import JSON

/// The ids of an index file, while rows are added.
struct UnwrittenIDs {
    /// Nil for documents that are no events.
    private let hashSeed: UInt64?
    /// The hash of each row's id; for events.
    private var hashes: [UInt64] = []
    /// The last row of each id; for other documents.
    private var lastRows: [Text: UInt32] = [:]
    private var least: Text?
    private var greatest: Text?

    init(hashSeed: UInt64?) {
        self.hashSeed = hashSeed
    }

    var count: Int { hashSeed != nil ? hashes.count : lastRows.count }

    var bounds: ClosedRange<Text>? {
        guard let least, let greatest else { return nil }
        return least...greatest
    }

    mutating func append(_ id: Text, as row: UInt32) {
        if let hashSeed { hashes.append(XXH3.hash64(id.string, seed: hashSeed)) } else { lastRows[id] = row }
        if let known = least, !(id < known) {
            if let known = greatest, known < id { greatest = id }
        } else {
            least = id
            greatest = greatest ?? id
        }
    }

    /// Writes the three arrays of the section.
    func append(to body: inout IndexBody) {
        if hashSeed != nil { appendHashed(to: &body) } else { appendSorted(to: &body) }
    }

    private func appendSorted(to body: inout IndexBody) {
        var stored: [UInt8] = []
        var ends: [Int64] = []
        var rows: [Int64] = []
        for (id, row) in lastRows.sorted(by: { $0.key < $1.key }) {
            StoredScalar.append(id, to: &stored)
            ends.append(Int64(stored.count))
            rows.append(Int64(row))
        }
        body.part { PackedColumn.append(ends, to: &$0) }
        body.part { $0.append(contentsOf: stored) }
        body.part { PackedColumn.append(rows, to: &$0) }
    }

    private func appendHashed(to body: inout IndexBody) {
        let bucketCount = HashedIDs.bucketCount(of: hashes.count)
        var starts = [Int64](repeating: 0, count: bucketCount + 1)
        for hash in hashes { starts[HashedIDs.bucket(of: hash, bucketCount: bucketCount) + 1] += 1 }
        for bucket in 0..<bucketCount { starts[bucket + 1] += starts[bucket] }
        var next = starts
        var rows = [Int64](repeating: 0, count: hashes.count)
        for (row, hash) in hashes.enumerated() {
            let bucket = HashedIDs.bucket(of: hash, bucketCount: bucketCount)
            rows[Int(next[bucket])] = Int64(row)
            next[bucket] += 1
        }
        body.part { PackedColumn.append(starts, to: &$0) }
        body.part { output in
            for row in rows { output.append(littleEndian: HashedIDs.fingerprint(of: hashes[Int(row)])) }
        }
        body.part { PackedColumn.append(rows, to: &$0) }
    }
}
