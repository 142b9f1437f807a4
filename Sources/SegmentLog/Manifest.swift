package import Disk
package import JSON

/// The manifest of a log: the file that lists its segments.
///
/// Shape: one checked line (its seed is the XXH3-64 of the log's name), here with line breaks:
///
///     {"format":1,"name":"statuses",
///      "segments":[{"first":1,"last":150000,"bytes":67108901,"xxh3_128":"0123456789abcdef0123456789abcdef"}],
///      "active":{"first":150001,"bytes":0},"xxh3":"0123456789abcdef"}
///
/// Closed segments are in the order of their sequences and never change again; `bytes` and `xxh3_128` are those of
/// their lines. A sealed one has a member `sealed`, and is listed before those that are not sealed:
///
///     {"first":1,"last":150000,"bytes":67108901,"xxh3_128":"…","sealed":{"generation":0,"records":150000,
///      "bytes":9512211,"frames":2048,"table_xxh3":"…","first_at":"…","last_at":"…"}}
///
/// Of the active one, at least `bytes` are durable: exactly these after a clean close, otherwise those that were
/// durable when the manifest was last published. After a sealed segment there may be a gap, where no record of others
/// remained.
///
/// It is replaced atomically, and always before the first append to a segment that it does not list. Its format is 2
/// once a segment is sealed, so that a build that supports plain segments only refuses it. Source: docs/FORMAT.md,
/// "Logs".
package struct Manifest: Sendable, Hashable {
    /// A segment to which no more records are appended.
    package struct Closed: Sendable, Hashable {
        package var first: UInt64
        package var last: UInt64
        /// Bytes of its lines.
        package var byteCount: Int64
        /// XXH3-128 of its lines, in hexadecimal digits.
        package var digest: String
        /// How it is compressed; nil for plain lines.
        package var sealed: Sealed?

        package var id: SegmentID { SegmentID(first: first, generation: sealed?.generation ?? 0) }
    }

    /// The properties of a compressed segment besides its lines.
    package struct Sealed: Sendable, Hashable {
        package var generation: UInt32
        package var recordCount: Int
        /// Bytes of the file.
        package var storedByteCount: Int64
        package var frameCount: Int
        /// XXH3-64 of the entries of the seek table.
        package var tableChecksum: UInt64
        /// The times of the first and the last record.
        package var firstAt: Timestamp
        package var lastAt: Timestamp
    }

    /// The segment to which records are appended.
    package struct Active: Sendable, Hashable {
        package var first: UInt64
        /// How many bytes from its start were durable when this was written; a lower bound.
        package var byteCount: Int64
    }

    /// A closed segment, sealed or not, or the active one.
    package enum Segment: Sendable, Hashable {
        case closed(Closed)
        case active(Active)

        package var id: SegmentID {
            switch self {
            case .closed(let closed): closed.id
            case .active(let active): SegmentID(first: active.first)
            }
        }

        /// How its records are stored.
        package var form: SegmentName.Form { isSealed ? .sealed : .plain }

        package var first: UInt64 {
            switch self {
            case .closed(let closed): closed.first
            case .active(let active): active.first
            }
        }

        /// The last sequence of a closed segment.
        package var last: UInt64? {
            switch self {
            case .closed(let closed): closed.last
            case .active: nil
            }
        }

        package var isSealed: Bool {
            switch self {
            case .closed(let closed): closed.sealed != nil
            case .active: false
            }
        }

        /// How many bytes must exist: all of a closed segment, a lower bound for the active one.
        package var byteCount: Int64 {
            switch self {
            case .closed(let closed): closed.byteCount
            case .active(let active): active.byteCount
            }
        }
    }

    /// The formats that this build reads: 1 with plain segments only, 2 with sealed ones.
    package static let formats: ClosedRange<Int64> = 1...2
    /// The maximum length of a manifest, enough for about 100,000 segments.
    package static let byteCountMax = 16 << 20

    package var name: String
    package var closed: [Closed] = []
    package var active: Active

    /// 2 if a segment is sealed.
    private var format: Int64 {
        closed.contains { $0.sealed != nil } ? Self.formats.upperBound : Self.formats.lowerBound
    }

    /// All segments in the order of their records.
    package var segments: [Segment] {
        closed.map(Segment.closed) + [.active(active)]
    }

    /// The manifest as the bytes of its file.
    package var bytes: [UInt8] {
        let object: JSONObject = [
            "format": .number(JSONNumber(format)),
            "name": .string(name),
            "segments": .array(closed.map(\.json)),
            "active": ["first": .number(JSONNumber(active.first)), "bytes": .number(JSONNumber(active.byteCount))],
        ]
        return CheckedLine.seal(object, seed: XXH3.hash64(name))
    }

    /// Reads the manifest of the log called `name`.
    ///
    /// - Throws: Why it cannot be used: its checksum does not match, it belongs to another log, its format is unknown,
    ///   or its segments are not consecutive.
    package static func open(_ bytes: [UInt8], name: String) throws(Corruption.Reason) -> Manifest {
        let object: JSONObject
        do {
            object = try CheckedLine.open(bytes, seed: XXH3.hash64(name))
        } catch {
            throw Corruption.Reason(error)
        }
        guard let format = object["format"]?.int else { throw .malformed }
        guard formats.contains(format) else { throw .unsupportedFormat(format) }
        guard object["name"]?.string == name, let segments = object["segments"]?.array,
            let first = object["active"]?["first"]?.sequence, let byteCount = object["active"]?["bytes"]?.byteCount
        else { throw .malformed }
        var manifest = Manifest(name: name, active: Active(first: first, byteCount: byteCount))
        for segment in segments {
            guard let closed = Closed(segment) else { throw .malformed }
            manifest.closed.append(closed)
        }
        guard manifest.isInOrder, manifest.format <= format else { throw .malformed }
        return manifest
    }

    /// Returns the manifest in which the active segment is closed and one that begins at `first` is active.
    func rolled(to first: UInt64, byteCount: Int64, digest: String) -> Manifest {
        var next = self
        next.closed.append(Closed(first: active.first, last: first - 1, byteCount: byteCount, digest: digest))
        next.active = Active(first: first, byteCount: 0)
        return next
    }

    private var isInOrder: Bool {
        let firsts = closed.dropFirst().map(\.first) + [active.first]
        let isPrefixSealed = closed.drop { $0.sealed != nil }.allSatisfy { $0.sealed == nil }
        return isPrefixSealed
            && zip(closed, firsts).allSatisfy { $0.last + 1 == $1 || ($0.sealed != nil && $0.last < $1) }
    }
}

extension Manifest.Closed {
    fileprivate init?(_ json: JSON) {
        guard let first = json["first"]?.sequence, let last = json["last"]?.sequence, first <= last,
            let byteCount = json["bytes"]?.byteCount, let digest = json["xxh3_128"]?.string
        else { return nil }
        self.init(first: first, last: last, byteCount: byteCount, digest: digest)
        if let member = json["sealed"] {
            guard let sealed = Manifest.Sealed(member), sealed.recordCount <= last - first + 1 else { return nil }
            self.sealed = sealed
        }
    }

    fileprivate var json: JSON {
        var object: JSONObject = [
            "first": .number(JSONNumber(first)), "last": .number(JSONNumber(last)),
            "bytes": .number(JSONNumber(byteCount)), "xxh3_128": .string(digest),
        ]
        if let sealed { object["sealed"] = sealed.json }
        return .object(object)
    }
}

extension Manifest.Sealed {
    fileprivate init?(_ json: JSON) {
        guard let generation = json["generation"]?.int.flatMap({ UInt32(exactly: $0) }),
            let recordCount = json["records"]?.sequence.flatMap({ Int(exactly: $0) }),
            let storedByteCount = json["bytes"]?.byteCount, storedByteCount <= UInt32.max,
            let frameCount = json["frames"]?.sequence.flatMap({ Int(exactly: $0) }),
            frameCount <= min(recordCount, Int(storedByteCount)),
            let tableChecksum = json["table_xxh3"]?.string.flatMap({ Hexadecimal.value(of: $0) }),
            let firstAt = json["first_at"]?.string.flatMap({ Timestamp(parsing: $0) }),
            let lastAt = json["last_at"]?.string.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        self.init(
            generation: generation,
            recordCount: recordCount,
            storedByteCount: storedByteCount,
            frameCount: frameCount,
            tableChecksum: tableChecksum,
            firstAt: firstAt,
            lastAt: lastAt
        )
    }

    fileprivate var json: JSON {
        [
            "generation": .number(JSONNumber(Int64(generation))), "records": .number(JSONNumber(Int64(recordCount))),
            "bytes": .number(JSONNumber(storedByteCount)), "frames": .number(JSONNumber(Int64(frameCount))),
            "table_xxh3": .string(Hexadecimal.text(tableChecksum)),
            "first_at": .string(firstAt.description), "last_at": .string(lastAt.description),
        ]
    }
}

extension JSONNumber {
    /// Creates a sequence as JSON; sequences count records and never reach 2^63.
    fileprivate init(_ sequence: UInt64) {
        self.init(Int64(sequence))
    }
}

extension JSON {
    fileprivate var sequence: UInt64? {
        guard let int, int > 0 else { return nil }
        return UInt64(int)
    }

    fileprivate var byteCount: Int64? {
        guard let int, int >= 0 else { return nil }
        return int
    }
}
