internal import JSON

/// Which segments make up a log: the file that says what must be there.
///
/// Shape: one checked line (its seed is the XXH3-64 of the log's name), here broken for reading:
///
///     {"format":1,"name":"statuses",
///      "segments":[{"first":1,"last":150000,"bytes":67108901,"xxh3_128":"0123456789abcdef0123456789abcdef"}],
///      "active":{"first":150001,"bytes":0},"xxh3":"0123456789abcdef"}
///
/// Closed segments stand in the order of their sequences, without a gap, and never change again; `bytes` and
/// `xxh3_128` are those of the whole file. Of the active one `bytes` are durable at least: exactly after a clean
/// close, else what was durable when the manifest was last published.
///
/// It is replaced atomically, and always before anything is appended to a segment it does not list.
/// Source: docs/FORMAT.md, "Logs".
package struct Manifest: Sendable, Hashable {
    /// A segment that takes no more records.
    package struct Closed: Sendable, Hashable {
        package var first: UInt64
        package var last: UInt64
        package var byteCount: Int64
        /// XXH3-128 of the file, in hexadecimal digits.
        package var digest: String
    }

    /// The segment that is appended to.
    package struct Active: Sendable, Hashable {
        package var first: UInt64
        /// Bytes from its start that were durable when this was written; a lower bound.
        package var byteCount: Int64
    }

    /// Either of them, as a reader takes it.
    package enum Segment: Sendable, Hashable {
        case closed(Closed)
        case active(Active)

        package var first: UInt64 {
            switch self {
            case .closed(let closed): closed.first
            case .active(let active): active.first
            }
        }

        /// Bytes that must be there: all of a closed segment, a lower bound of the active one.
        package var byteCount: Int64 {
            switch self {
            case .closed(let closed): closed.byteCount
            case .active(let active): active.byteCount
            }
        }
    }

    package static let format: Int64 = 1
    /// The longest manifest, which is one of about 100 000 segments.
    package static let byteCountMax = 16 << 20

    package var name: String
    package var closed: [Closed] = []
    package var active: Active

    /// All segments in the order of their records.
    package var segments: [Segment] {
        closed.map(Segment.closed) + [.active(active)]
    }

    /// The manifest as the bytes of its file.
    package var bytes: [UInt8] {
        let object: JSONObject = [
            "format": .number(JSONNumber(Self.format)),
            "name": .string(name),
            "segments": .array(closed.map(\.json)),
            "active": ["first": .number(JSONNumber(active.first)), "bytes": .number(JSONNumber(active.byteCount))],
        ]
        return CheckedLine.seal(object, seed: XXH3.hash64(name))
    }

    /// Reads the manifest of the log called `name`.
    ///
    /// - Throws: Why it cannot be used: it does not verify, it is another log's, it is of another format, or its
    ///   segments do not follow each other.
    package static func open(_ bytes: [UInt8], name: String) throws(Corruption.Reason) -> Manifest {
        let object: JSONObject
        do {
            object = try CheckedLine.open(bytes, seed: XXH3.hash64(name))
        } catch {
            throw Corruption.Reason(error)
        }
        guard let format = object["format"]?.int else { throw .malformed }
        guard format == Self.format else { throw .unsupportedFormat(format) }
        guard object["name"]?.string == name, let segments = object["segments"]?.array,
            let first = object["active"]?["first"]?.sequence, let byteCount = object["active"]?["bytes"]?.byteCount
        else { throw .malformed }
        var manifest = Manifest(name: name, active: Active(first: first, byteCount: byteCount))
        for segment in segments {
            guard let closed = Closed(segment) else { throw .malformed }
            manifest.closed.append(closed)
        }
        guard manifest.isGapless else { throw .malformed }
        return manifest
    }

    /// Returns the manifest after the active segment was closed and one that begins at `first` has taken its place.
    func rolled(to first: UInt64, byteCount: Int64, digest: String) -> Manifest {
        var next = self
        next.closed.append(Closed(first: active.first, last: first - 1, byteCount: byteCount, digest: digest))
        next.active = Active(first: first, byteCount: 0)
        return next
    }

    private var isGapless: Bool {
        let firsts = closed.dropFirst().map(\.first) + [active.first]
        return closed.allSatisfy { $0.first <= $0.last }
            && zip(closed, firsts).allSatisfy { $0.last < UInt64.max && $0.last + 1 == $1 }
    }
}

extension Manifest.Closed {
    fileprivate init?(_ json: JSON) {
        guard let first = json["first"]?.sequence, let last = json["last"]?.sequence,
            let byteCount = json["bytes"]?.byteCount, let digest = json["xxh3_128"]?.string
        else { return nil }
        self.init(first: first, last: last, byteCount: byteCount, digest: digest)
    }

    fileprivate var json: JSON {
        [
            "first": .number(JSONNumber(first)), "last": .number(JSONNumber(last)),
            "bytes": .number(JSONNumber(byteCount)), "xxh3_128": .string(digest),
        ]
    }
}

extension JSONNumber {
    /// A sequence; they count single records and never reach 2^63.
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
