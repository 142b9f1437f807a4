package import Disk
package import JSON
package import SegmentLog

/// The index of a sealed segment, read from its file block by block.
///
/// It keeps the file open, and in memory the header, 8 bytes for each block, and the blocks that were read lately. The
/// file is derived from the segment and can be rebuilt from its records. Source: docs/FORMAT.md, "Index files".
package final class MappedIndex: SegmentIndex {
    package let segment: SegmentID
    package let rowCount: Int
    /// Size of the file.
    package let byteCount: Int64
    package let tombstoneCount: Int
    let bounds: IndexHeader.Bounds?
    /// Whether no row was committed before the previous one.
    let isAscending: Bool
    let committedAt: PackedColumn
    let fields: [MappedField]
    let map: CheckedMap
    private let offsets: PackedColumn
    private let ids: IDs
    private let tombstones: MappedPart?

    private enum IDs {
        case hashed(HashedIDs)
        case sorted(SortedIDs)
    }

    /// Opens the index file of a sealed segment: reads only the header and the checksums of the blocks.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if the file is not the index of this segment with this schema;
    ///   ``StorageError/disk(_:)`` if it cannot be opened.
    package static func open(
        _ path: String,
        of segment: SegmentSummary,
        _ schema: IndexSchema,
        on disk: any Disk
    ) throws(StorageError) -> MappedIndex {
        try MappedIndex(.file(File(path, .read, on: disk)), path: path, of: segment, schema)
    }

    /// Writes the index file of a sealed segment, durably, and opens it.
    ///
    /// On a full disk the index is kept in memory, and the file is written when the segment is next opened.
    package static func publish(
        _ bytes: [UInt8],
        at path: String,
        of segment: SegmentSummary,
        _ schema: IndexSchema,
        on disk: any Disk
    ) throws(StorageError) -> MappedIndex {
        do {
            try disk.publish(bytes, at: path)
        } catch {
            guard error.isNoSpace else { throw error }
            return try MappedIndex(.memory(bytes), path: path, of: segment, schema)
        }
        return try open(path, of: segment, schema, on: disk)
    }

    /// Wraps the bytes of an index file.
    init(
        _ source: IndexSource,
        path: String,
        of segment: SegmentSummary,
        _ schema: IndexSchema
    ) throws(StorageError) {
        let header = try IndexHeader(source, path: path, of: segment, schema)
        let map = try CheckedMap(
            source,
            path: path,
            body: header.body,
            checksums: header.blockChecksums(source, path: path),
            seed: header.seed
        )
        let sections = header.sections
        self.segment = header.segment
        self.map = map
        rowCount = header.rowCount
        byteCount = Int64(header.fileByteCount)
        bounds = header.bounds
        isAscending = header.isAscending
        offsets = PackedColumn(part: MappedPart(map: map, range: sections[0].parts[0]), count: sections[0].count)
        committedAt = PackedColumn(part: MappedPart(map: map, range: sections[1].parts[0]), count: sections[1].count)
        if let idSeed = header.idSeed {
            ids = .hashed(HashedIDs(sections[2], in: map, rowCount: header.rowCount, seed: idSeed))
            tombstones = nil
            tombstoneCount = 0
        } else {
            ids = .sorted(SortedIDs(sections[2], in: map, rowCount: header.rowCount))
            tombstones = MappedPart(map: map, range: sections[3].parts[0])
            tombstoneCount = sections[3].count
        }
        fields = zip(sections.filter { $0.name == .field }, schema.paths).map { section, path in
            MappedField(section, in: map, path: path, rowCount: header.rowCount)
        }
    }

    /// Verifies every block.
    func verify() throws(StorageError) {
        try map.verify()
    }

    package func pointer(of row: Int) throws(StorageError) -> RecordPointer {
        let (start, end) = try map.reading { () throws(StorageError) in
            (try offsets.value(at: row), try offsets.value(at: row + 1))
        }
        guard start < end, let offset = UInt32(exactly: start), let byteCount = UInt32(exactly: end &- start) else {
            throw offsets.part.corrupt()
        }
        return RecordPointer(segment: segment, offset: offset, byteCount: byteCount)
    }

    package func committedAt(of row: Int) throws(StorageError) -> Timestamp {
        let moment = try map.reading { () throws(StorageError) in try committedAt.value(at: row) }
        return Timestamp(microseconds: moment)
    }

    package func committedRange(below rowCount: Int) throws(StorageError) -> ClosedRange<Timestamp>? {
        guard rowCount > 0, let bounds else { return nil }
        guard rowCount < self.rowCount else { return bounds.committedAt }
        if isAscending {
            let first = try committedAt(of: 0)
            return first...max(first, try committedAt(of: rowCount - 1))
        }
        var (least, greatest) = (Int64.max, Int64.min)
        try map.reading { () throws(StorageError) in
            try committedAt.forEach(in: 0..<rowCount) {
                least = min(least, $1); greatest = max(greatest, $1)
            }
        }
        return Timestamp(microseconds: least)...Timestamp(microseconds: greatest)
    }

    package func lastRow(of id: Text, confirm: (Int) throws(StorageError) -> Bool) throws(StorageError) -> Int? {
        guard let bounds, bounds.ids.contains(id) else { return nil }
        return try map.reading { () throws(StorageError) in
            switch ids {
            case .hashed(let ids): try ids.lastRow(of: id, confirm: confirm)
            case .sorted(let ids): try ids.lastRow(of: id)
            }
        }
    }

    package func column(of path: FieldPath) throws(StorageError) -> (any ValueColumn)? {
        guard let field = fields.first(where: { $0.path == path }) else { return nil }
        guard !field.hasOverlaps, field.listedCount == rowCount - tombstoneCount else { return nil }
        return MappedColumn(field: field, map: map)
    }

    /// How many different ids the rows have; zero for events, whose ids are stored as hashes only.
    package var idCount: Int {
        switch ids {
        case .hashed: 0
        case .sorted(let ids): ids.dictionary.count
        }
    }

    /// Returns an id, in UTF-8, and the last row that has it; ids ascend byte by byte.
    ///
    /// - Precondition: The rows are not events; `position` is below ``idCount``.
    package func id(at position: Int) throws(StorageError) -> (utf8: [UInt8], row: Int) {
        guard case .sorted(let ids) = ids else { preconditionFailure("the ids of events are not stored") }
        return try map.reading { () throws(StorageError) in
            let row = try ids.row(at: position)
            return try ids.dictionary.withText(at: position) { (Array($0), row) }
        }
    }

    package func isTombstone(_ row: Int) throws(StorageError) -> Bool {
        guard let tombstones, tombstoneCount > 0 else { return false }
        return try map.reading { () throws(StorageError) in try RoaringList(in: tombstones, at: 0).contains(row) }
    }
}

extension IndexHeader {
    /// Reads the header of an index file.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if it is not the index of this segment with this schema;
    ///   ``StorageError/disk(_:)``.
    init(
        _ source: IndexSource,
        path: String,
        of segment: SegmentSummary,
        _ schema: IndexSchema
    ) throws(StorageError) {
        let line = try Self.line(source)
        func corrupt(_ reason: Corruption.Index) -> StorageError {
            .corrupt(Corruption(path: path, reason: .index(reason)))
        }
        let object: JSONObject
        do {
            object = try CheckedLine.open(line, seed: Self.seed(log: schema.log, first: segment.id.first))
        } catch {
            throw corrupt(Corruption.Index(error))
        }
        guard object["format"]?.int == Self.format else { throw corrupt(.otherFormat) }
        let byteCount = try source.byteCount
        guard let header = IndexHeader(object, lineByteCount: line.count, fileByteCount: byteCount) else {
            throw corrupt(.malformedHeader)
        }
        guard
            header.log == schema.log, header.segment == segment.id, header.digest == segment.digest,
            header.rowCount == segment.recordCount
        else {
            throw corrupt(.ofOtherSegment)
        }
        guard header.isAppendOnly == schema.isAppendOnly, header.hasSections(of: schema) else {
            throw corrupt(.ofOtherSchema)
        }
        self = header
    }

    /// Reads a file up to its first newline; if there is none, returns a line that does not verify.
    private static func line(_ source: IndexSource) throws(StorageError) -> [UInt8] {
        var line: [UInt8] = []
        while line.count < byteCountMax {
            let block = try source.bytes(at: line.count, count: CheckedMap.blockByteCount)
            if let end = block.firstIndex(of: UInt8(ascii: "\n")) { return line + block[...end] }
            line += block
            if block.count < CheckedMap.blockByteCount { break }
        }
        return line + [UInt8(ascii: "\n")]
    }

    /// Reads and verifies the table of the blocks' checksums.
    func blockChecksums(_ source: IndexSource, path: String) throws(StorageError) -> [UInt64] {
        let table = try source.bytes(at: body.upperBound, count: fileByteCount - body.upperBound)
        guard XXH3.hash64(table, seed: seed &+ UInt64(body.upperBound)) == tableChecksum else {
            throw .corrupt(Corruption(path: path, reason: .index(.tableChecksumMismatch)))
        }
        return table.withUnsafeBytes { table in
            stride(from: 0, to: table.count, by: 8).map { table.littleEndian(at: $0, as: UInt64.self) }
        }
    }

    /// Whether the sections are those of a schema, with valid counts.
    private func hasSections(of schema: IndexSchema) -> Bool {
        let paths = schema.paths.map(\.text)
        let names = Section.Name.all(isAppendOnly: schema.isAppendOnly) + paths.map { _ in .field }
        guard sections.map(\.name) == names, sections.suffix(paths.count).map(\.path) == paths else { return false }
        return sections[0].count == rowCount + 1 && sections[1].count == rowCount
            && (!isAppendOnly || sections[2].count == rowCount)
            && sections.allSatisfy { $0.name == .offsets || $0.name == .field || $0.count <= rowCount }
    }
}

extension Corruption.Index {
    fileprivate init(_ error: CheckedLineError) {
        self =
            switch error {
            case .torn: .tornHeader
            case .malformed: .malformedHeader
            case .checksumMismatch: .headerChecksumMismatch
            }
    }
}
