internal import JSON
internal import SegmentLog

extension IndexHeader {
    /// The header as a checked line.
    var line: [UInt8] {
        var object: JSONObject = [
            "format": .number(JSONNumber(Self.format)),
            "log": .string(log),
            "first": .number(JSONNumber(Int64(segment.first))),
            "generation": .number(JSONNumber(Int64(segment.generation))),
            "records": .number(JSONNumber(Int64(rowCount))),
            "content_xxh3_128": .string(digest),
            "events": .bool(isAppendOnly),
        ]
        if let idSeed { object["id_seed"] = .string(Hexadecimal.text(idSeed)) }
        if let bounds {
            object["min_id"] = .string(bounds.ids.lowerBound.string)
            object["max_id"] = .string(bounds.ids.upperBound.string)
            object["min_at"] = .string(bounds.committedAt.lowerBound.description)
            object["max_at"] = .string(bounds.committedAt.upperBound.description)
        }
        object["ascending"] = .bool(isAscending)
        object["sections"] = .array(sections.map(\.json))
        object["blocks"] = [
            "bytes": .number(JSONNumber(Int64(CheckedMap.blockByteCount))),
            "offset": .number(JSONNumber(Int64(body.upperBound))),
            "count": .number(JSONNumber(Int64(CheckedMap.blockCount(of: body.count)))),
            "xxh3": .string(Hexadecimal.text(tableChecksum)),
        ]
        return CheckedLine.seal(object, seed: Self.seed(log: log, first: segment.first))
    }

    /// Reads the object of a verified header line of this format; nil if it is malformed.
    ///
    /// `lineByteCount` and `fileByteCount` limit the range of the body and the table.
    init?(_ object: JSONObject, lineByteCount: Int, fileByteCount: Int) {
        guard
            let log = object["log"]?.string,
            let first = object["first"]?.int.flatMap({ UInt64(exactly: $0) }),
            let generation = object["generation"]?.int.flatMap({ UInt32(exactly: $0) }),
            let rowCount = object["records"]?.count, rowCount <= UInt32.max,
            let digest = object["content_xxh3_128"]?.string, let isAppendOnly = object["events"]?.bool,
            let isAscending = object["ascending"]?.bool, let sections = object["sections"]?.array,
            let blocks = object["blocks"], blocks["bytes"]?.count == CheckedMap.blockByteCount,
            let end = blocks["offset"]?.count, let blockCount = blocks["count"]?.count,
            let tableChecksum = blocks["xxh3"]?.string.flatMap({ Hexadecimal.value(of: $0) })
        else { return nil }
        let start = Self.bodyOffset(lineByteCount: lineByteCount)
        guard start <= end, end <= fileByteCount, end % Self.alignment == 0,
            blockCount == CheckedMap.blockCount(of: end - start), (fileByteCount - end) / 8 == blockCount,
            (fileByteCount - end) % 8 == 0
        else { return nil }
        self.log = log
        segment = SegmentID(first: first, generation: generation)
        self.rowCount = rowCount
        self.digest = digest
        idSeed = object["id_seed"]?.string.flatMap { Hexadecimal.value(of: $0) }
        self.isAscending = isAscending
        self.tableChecksum = tableChecksum
        body = start..<end
        bounds = Bounds(object)
        self.sections = []
        var offset = start
        for json in sections {
            guard let section = Section(json, from: offset, below: end, isAppendOnly: isAppendOnly) else { return nil }
            self.sections.append(section)
            offset = Self.aligned(section.parts.last?.upperBound ?? offset)
        }
        guard offset == end, (bounds == nil) == (rowCount == 0), (idSeed != nil) == isAppendOnly else { return nil }
    }

    /// Returns the offset of the body: the first multiple of a block after the line.
    static func bodyOffset(lineByteCount: Int) -> Int {
        CheckedMap.blockCount(of: lineByteCount) * CheckedMap.blockByteCount
    }
}

extension IndexHeader.Bounds {
    fileprivate init?(_ object: JSONObject) {
        guard
            let minID = object["min_id"]?.string.map({ Text($0) }),
            let maxID = object["max_id"]?.string.map({ Text($0) }),
            let minAt = object["min_at"]?.string.flatMap({ Timestamp(parsing: $0) }),
            let maxAt = object["max_at"]?.string.flatMap({ Timestamp(parsing: $0) }), minID <= maxID, minAt <= maxAt
        else { return nil }
        self.init(ids: minID...maxID, committedAt: minAt...maxAt)
    }
}

extension IndexHeader.Section {
    /// Reads a section that begins at `offset`.
    fileprivate init?(_ json: JSON, from offset: Int, below end: Int, isAppendOnly: Bool) {
        guard
            let name = json["name"]?.string.flatMap(Name.init(rawValue:)), let count = json["count"]?.count,
            json["offset"]?.count == offset, let byteCounts = json["parts"]?.array?.map(\.count),
            byteCounts.count == name.partCount(isAppendOnly: isAppendOnly)
        else { return nil }
        var room = end - offset
        for byteCount in byteCounts {
            guard let byteCount, byteCount <= room else { return nil }
            room -= IndexHeader.aligned(byteCount)
        }
        self.init(
            name: name,
            path: json["path"]?.string,
            count: count,
            parts: IndexHeader.parts(byteCounts.compactMap { $0 }, from: offset)
        )
        guard json["bytes"]?.count == (parts.last?.upperBound ?? offset) - offset else { return nil }
        guard name == .field else { return }
        guard let listedCount = json["rows"]?.count, let hasOverlaps = json["overlaps"]?.bool else { return nil }
        self.listedCount = listedCount
        self.hasOverlaps = hasOverlaps
    }

    fileprivate var json: JSON {
        let start = parts.first?.lowerBound ?? 0
        var object: JSONObject = ["name": .string(name.rawValue)]
        if let path { object["path"] = .string(path) }
        object["offset"] = .number(JSONNumber(Int64(start)))
        object["bytes"] = .number(JSONNumber(Int64((parts.last?.upperBound ?? start) - start)))
        object["count"] = .number(JSONNumber(Int64(count)))
        object["parts"] = .array(parts.map { .number(JSONNumber(Int64($0.count))) })
        if name == .field {
            object["rows"] = .number(JSONNumber(Int64(listedCount)))
            object["overlaps"] = .bool(hasOverlaps)
        }
        return .object(object)
    }
}

extension JSON {
    /// A count or an index, which is never negative.
    fileprivate var count: Int? {
        guard let int, int >= 0, int <= 1 << 48 else { return nil }
        return Int(int)
    }
}
