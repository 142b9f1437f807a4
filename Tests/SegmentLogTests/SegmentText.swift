internal import Disk
internal import JSON

@testable internal import SegmentLog

/// The bytes of a segment, composed line by line in batches.
struct SegmentText {
    static let name = "clients"
    static let directory = "clients"

    let first: UInt64
    private(set) var bytes: [UInt8] = []
    /// The offset of each line.
    private(set) var offsets: [Int] = []
    private(set) var nextSequence: UInt64

    init(first: UInt64 = 1) {
        self.first = first
        nextSequence = first
    }

    /// Creates a segment of `batchSizes.count` batches, with lines of about 120 bytes.
    init(first: UInt64 = 1, batchSizes: [Int]) {
        self.init(first: first)
        for size in batchSizes {
            let batch = nextSequence
            for _ in 0..<size { add(batch: batch) }
        }
    }

    /// Adds a line; without `batch`, it is a batch of its own.
    mutating func add(
        batch: UInt64? = nil,
        sequence: UInt64? = nil,
        at microseconds: Int64? = nil,
        members: String? = nil
    ) {
        let sequence = sequence ?? nextSequence
        let start = bytes.count
        offsets.append(start)
        let at = Timestamp(microseconds: microseconds ?? 1_795_461_364_000_000 + Int64(sequence))
        RecordLine.begin(sequence, batch: batch ?? sequence, at: at, in: &bytes)
        bytes += (members ?? #""op":"put","id":"a\#(sequence)","doc":{"n": \#(sequence)}"#).utf8
        RecordLine.seal(&bytes, from: start, seed: Self.seed(first) &+ UInt64(start))
        nextSequence = sequence + 1
    }

    static func seed(_ first: UInt64) -> UInt64 {
        RecordLine.seed(log: name, segment: first)
    }

    var path: String { "\(Self.directory)/\(SegmentName.make(SegmentID(first: first)))" }

    var lastSequence: UInt64 { nextSequence - 1 }

    /// The entry of this segment in the manifest after it was closed.
    var closed: Manifest.Closed {
        let digest = XXH3Digest()
        bytes.withUnsafeBytes { digest.update($0) }
        return Manifest.Closed(first: first, last: lastSequence, byteCount: Int64(bytes.count), digest: digest.hex)
    }
}

/// Tests write the id of the segment with the first record 7 as 7.
extension SegmentID: ExpressibleByIntegerLiteral {
    package init(integerLiteral first: UInt64) {
        self.init(first: first)
    }
}

extension Disk {
    /// Writes a file with these bytes.
    func put(_ bytes: [UInt8], at path: String) throws {
        try ensureDirectory(SegmentText.directory)
        try publish(bytes, at: path)
    }

    /// Writes a log of these segments, the last one active and durable to `durableByteCount` by its manifest.
    func put(_ segments: [SegmentText], durableByteCount: Int64 = 0) throws {
        for segment in segments { try put(segment.bytes, at: segment.path) }
        guard let active = segments.last else { return }
        var manifest = Manifest(
            name: SegmentText.name,
            active: Manifest.Active(first: active.first, byteCount: durableByteCount)
        )
        manifest.closed = segments.dropLast().map(\.closed)
        try put(manifest.bytes, at: "\(SegmentText.directory)/\(SegmentName.manifest)")
    }
}
