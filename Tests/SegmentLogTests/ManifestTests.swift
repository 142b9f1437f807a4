internal import Disk
internal import JSON
internal import Testing

@testable internal import SegmentLog

struct ManifestTests {
    /// The checksum comes from the `xxhash` package of PyPI.
    static let golden =
        #"{"format":1,"name":"clients","segments":[{"first":1,"last":150000,"bytes":67108901,"#
        + #""xxh3_128":"0123456789abcdef0123456789abcdef"}],"active":{"first":150001,"bytes":0},"#
        + #""xxh3":"bb52c9bd7eb334bb"}"# + "\n"

    static let manifest = {
        let new = Manifest(name: "clients", active: Manifest.Active(first: 1, byteCount: 7))
        return new.rolled(to: 150_001, byteCount: 67_108_901, digest: "0123456789abcdef0123456789abcdef")
    }()

    static func open(_ text: String, name: String = "clients") -> Result<Manifest, Corruption.Reason> {
        open(Array(text.utf8), name: name)
    }

    static func open(_ bytes: [UInt8], name: String = "clients") -> Result<Manifest, Corruption.Reason> {
        Result { () throws(Corruption.Reason) in try Manifest.open(bytes, name: name) }
    }

    /// Returns a text as a manifest with a matching checksum.
    static func sealed(_ text: String) -> [UInt8] {
        var line = Array(text.utf8)
        CheckedLine.seal(&line, from: 0, seed: XXH3.hash64("clients"))
        return line
    }

    private static func plain(_ first: Int, _ last: Int) -> String {
        #"{"first":\#(first),"last":\#(last),"bytes":3,"xxh3_128":"0"}"#
    }

    private static func sealed(_ first: Int, _ last: Int, records: Int = 3, frames: Int = 1) -> String {
        #"{"first":\#(first),"last":\#(last),"bytes":3,"xxh3_128":"0","sealed":{"generation":0,"records":\#(records),"#
            + #""bytes":9,"frames":\#(frames),"table_xxh3":"00000000deadbeef","#
            + #""first_at":"2026-11-23T19:16:04.123456Z","last_at":"2026-11-24T19:16:04.123456Z"}}"#
    }

    /// The base of the malformed manifests is valid.
    @Test func gapAfterASealedSegmentIsValid() throws {
        let text = #"{"format":2,"name":"clients","segments":[\#(Self.sealed(1, 4))],"active":{"first":7,"bytes":0}}"#
        #expect(try Self.open(Self.sealed(text)).get().closed.count == 1)
    }

    @Test func bytesMatchTheDocumentation() {
        #expect(String(decoding: Self.manifest.bytes, as: UTF8.self) == Self.golden)
    }

    @Test func openReturnsWhatWasWritten() {
        #expect(Self.open(Self.golden) == .success(Self.manifest))
    }

    /// The checksum comes from the `xxhash` package of PyPI.
    static let goldenSealed =
        #"{"format":2,"name":"clients","segments":[{"first":1,"last":150000,"bytes":67108901,"#
        + #""xxh3_128":"0123456789abcdef0123456789abcdef","sealed":{"generation":2,"records":140000,"#
        + #""bytes":9512211,"frames":8192,"table_xxh3":"00000000deadbeef","#
        + #""first_at":"2026-11-23T19:16:04.123456Z","last_at":"2026-11-24T19:16:04.123456Z"}}],"#
        + #""active":{"first":150001,"bytes":0},"xxh3":"496f415883340be1"}"# + "\n"

    @Test func sealedSegmentMatchesTheDocumentation() throws {
        let manifest = try Self.open(Self.goldenSealed).get()
        #expect(String(decoding: manifest.bytes, as: UTF8.self) == Self.goldenSealed)
        let sealed = try #require(manifest.closed.first?.sealed)
        #expect(manifest.closed.first?.id == SegmentID(first: 1, generation: 2))
        #expect(sealed.recordCount == 140_000 && sealed.storedByteCount == 9_512_211 && sealed.frameCount == 8_192)
        #expect(sealed.tableChecksum == 0xdead_beef && sealed.firstAt < sealed.lastAt)
    }

    @Test func everyFlippedBitIsDetected() {
        let bytes = Array(Self.golden.utf8)
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: Corruption.Reason.self, "bit \(bit)") { try Self.open(flipped).get() }
        }
    }

    @Test func everyTruncationIsDetected() {
        let bytes = Array(Self.golden.utf8)
        for count in bytes.indices {
            #expect(Self.open(Array(bytes.prefix(count))) == .failure(.missingLineEnd), "\(count)")
        }
    }

    @Test func manifestOfAnotherLogIsRefused() {
        #expect(Self.open(Self.golden, name: "models") == .failure(.checksumMismatch))
    }

    @Test func newerFormatIsReported() {
        let text = #"{"format":3,"name":"clients","parts":[]}"#
        #expect(Self.open(Self.sealed(text)) == .failure(.unsupportedFormat(3)))
    }

    @Test(
        arguments: [
            #"{"name":"clients","segments":[],"active":{"first":1,"bytes":0}}"#,
            #"{"format":1,"name":"models","segments":[],"active":{"first":1,"bytes":0}}"#,
            #"{"format":1,"name":"clients","active":{"first":1,"bytes":0}}"#,
            #"{"format":1,"name":"clients","segments":[],"active":{"first":0,"bytes":0}}"#,
            #"{"format":1,"name":"clients","segments":[],"active":{"first":1,"bytes":-1}}"#,
            #"{"format":1,"name":"clients","segments":[{"first":1}],"active":{"first":1,"bytes":0}}"#,
            // A gap between the segments, then segments that overlap, then one that ends before it begins.
            #"{"format":1,"name":"clients","segments":[{"first":1,"last":2,"bytes":3,"xxh3_128":"0"}],"#
                + #""active":{"first":4,"bytes":0}}"#,
            #"{"format":1,"name":"clients","segments":[{"first":1,"last":2,"bytes":3,"xxh3_128":"0"},"#
                + #"{"first":2,"last":3,"bytes":3,"xxh3_128":"0"}],"active":{"first":4,"bytes":0}}"#,
            #"{"format":1,"name":"clients","segments":[{"first":5,"last":3,"bytes":3,"xxh3_128":"0"}],"#
                + #""active":{"first":4,"bytes":0}}"#,
        ]
            // A sealed segment after a plain one, or in format 1, or with more frames or records than sequences or
            // bytes, or one that ends before it begins.
            + [
                (2, "[\(plain(1, 3)),\(sealed(4, 6))]"), (1, "[\(sealed(1, 6))]"), (2, "[\(sealed(1, 6, frames: 4))]"),
                (2, "[\(sealed(1, 6, records: 7))]"), (2, "[\(sealed(1, 6, records: 0))]"),
                (2, "[\(sealed(1, 90, records: 90, frames: 10))]"), (2, "[\(sealed(5, 3))]"),
            ].map { #"{"format":\#($0),"name":"clients","segments":\#($1),"active":{"first":97,"bytes":0}}"# }
    )
    func inconsistentManifestIsMalformed(_ text: String) {
        #expect(Self.open(Self.sealed(text)) == .failure(.malformed))
    }
}
