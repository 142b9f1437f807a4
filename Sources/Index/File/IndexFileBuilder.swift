internal import JSON
package import SegmentLog

/// Builds the index file of a segment from its records, one after the other.
///
/// Memory: 20 bytes for each row and 4 for each of its fields, and the distinct values; if ids can repeat, also each
/// id. Equal rows and seeds result in equal bytes.
package struct IndexFileBuilder {
    private let schema: IndexSchema
    /// Of the hashes of the ids of events; nil for other documents.
    private let idSeed: UInt64?
    private var offsets: [UInt32] = []
    private var end: UInt32 = 0
    private var committedAt: [Int64] = []
    private var isAscending = true
    private var ids: UnwrittenIDs
    private var tombstones: [UInt32] = []
    private var fields: [UnwrittenField]

    /// Begins an index file without rows.
    ///
    /// By default `idSeed` is random, from the system's generator, so that no client can choose ids with equal hashes.
    package init(_ schema: IndexSchema, idSeed: UInt64 = .random(in: .min ... .max)) {
        self.schema = schema
        self.idSeed = schema.isAppendOnly ? idSeed : nil
        ids = UnwrittenIDs(hashSeed: self.idSeed)
        fields = schema.paths.map { UnwrittenField($0) }
    }

    /// Adds the next record.
    ///
    /// - Precondition: It follows the previous one in the segment; an event is not a tombstone.
    package mutating func append(_ row: IndexRow) {
        precondition(row.pointer.offset == end, "records follow each other")
        precondition(!row.isTombstone || !schema.isAppendOnly, "events are never deleted")
        let number = UInt32(offsets.count)
        offsets.append(end)
        end += row.pointer.byteCount
        let moment = row.committedAt.microseconds
        if let last = committedAt.last, moment < last { isAscending = false }
        committedAt.append(moment)
        ids.append(row.id, as: number)
        if row.isTombstone { tombstones.append(number) }
        for position in fields.indices { fields[position].append(row.values?[position], as: number) }
    }

    /// Returns the bytes of the file for a segment that these are all records of.
    package consuming func finish(for segment: SegmentSummary) -> [UInt8] {
        precondition(segment.recordCount == offsets.count, "every record of the segment has a row")
        var body = IndexBody()
        let ends = offsets.map(Int64.init) + [Int64(end)]
        body.append(.offsets, count: ends.count) { $0.part { PackedColumn.append(ends, to: &$0) } }
        body.append(.committedAt, count: committedAt.count) { body in
            body.part { PackedColumn.append(committedAt, to: &$0) }
        }
        body.append(.ids, count: ids.count) { ids.append(to: &$0) }
        if !schema.isAppendOnly {
            body.append(.tombstones, count: tombstones.count) { body in
                body.part { RoaringList.append(tombstones[...], to: &$0) }
            }
        }
        for field in fields {
            body.append(.field, count: field.valueCount) { field.append(to: &$0) }
            body.describeField(field.path, listedCount: field.listedCount, hasOverlaps: field.hasOverlaps)
        }
        let header = IndexHeader(
            log: schema.log,
            segment: segment.id,
            rowCount: offsets.count,
            digest: segment.digest,
            idSeed: idSeed,
            bounds: bounds,
            isAscending: isAscending,
            sections: [],
            body: 0..<0,
            tableChecksum: 0
        )
        return body.file(header)
    }

    private var bounds: IndexHeader.Bounds? {
        guard let ids = ids.bounds, let first = committedAt.min(), let last = committedAt.max() else { return nil }
        return IndexHeader.Bounds(
            ids: ids,
            committedAt: Timestamp(microseconds: first)...Timestamp(microseconds: last)
        )
    }
}

/// The sections of an index file, while they are written.
struct IndexBody {
    /// All bytes after the header.
    private var bytes: [UInt8] = []
    /// Their parts count from the start of the body.
    private var sections: [IndexHeader.Section] = []

    mutating func append(_ name: IndexHeader.Section.Name, count: Int, _ write: (inout IndexBody) -> Void) {
        sections.append(IndexHeader.Section(name: name, count: count, parts: []))
        write(&self)
    }

    /// Adds an array to the section that is being written.
    mutating func part(_ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        write(&bytes)
        sections[sections.count - 1].parts.append(start..<bytes.count)
        bytes.pad(to: IndexHeader.alignment)
    }

    mutating func describeField(_ path: FieldPath, listedCount: Int, hasOverlaps: Bool) {
        sections[sections.count - 1].path = path.text
        sections[sections.count - 1].listedCount = listedCount
        sections[sections.count - 1].hasOverlaps = hasOverlaps
    }

    /// Returns the whole file; the members of `header` that depend on the body's offset are set here.
    consuming func file(_ header: IndexHeader) -> [UInt8] {
        var header = header
        var line = header.line
        var start = 0
        // A longer header makes offsets longer, so a second iteration may be needed.
        repeat {
            start = IndexHeader.bodyOffset(lineByteCount: max(line.count, start))
            complete(&header, start)
            line = header.line
        } while line.count > start
        var file = line
        file.reserveCapacity(start + bytes.count + bytes.count / CheckedMap.blockByteCount * 8 + 8)
        file.append(contentsOf: repeatElement(0, count: start - line.count))
        file.append(contentsOf: bytes)
        file.append(contentsOf: table(start, seed: header.seed))
        return file
    }

    private func complete(_ header: inout IndexHeader, _ start: Int) {
        header.sections = sections.map { section in
            var section = section
            section.parts = section.parts.map { start + $0.lowerBound..<start + $0.upperBound }
            return section
        }
        header.body = start..<start + bytes.count
        header.tableChecksum = XXH3.hash64(
            table(start, seed: header.seed),
            seed: header.seed &+ UInt64(start + bytes.count)
        )
    }

    /// The checksums of the blocks.
    private func table(_ start: Int, seed: UInt64) -> [UInt8] {
        var table: [UInt8] = []
        bytes.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: bytes.count, by: CheckedMap.blockByteCount) {
                let end = min(offset + CheckedMap.blockByteCount, bytes.count)
                let block = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
                table.append(littleEndian: XXH3.hash64(block, seed: seed &+ UInt64(start + offset)))
            }
        }
        return table
    }
}
