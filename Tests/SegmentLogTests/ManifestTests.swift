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

    /// Seals a text as a manifest whose checksum holds.
    static func sealed(_ text: String) -> [UInt8] {
        var line = Array(text.utf8)
        CheckedLine.seal(&line, from: 0, seed: XXH3.hash64("clients"))
        return line
    }

    @Test func bytesAreTheDocumentedOnes() {
        #expect(String(decoding: Self.manifest.bytes, as: UTF8.self) == Self.golden)
    }

    @Test func openReturnsWhatWasWritten() {
        #expect(Self.open(Self.golden) == .success(Self.manifest))
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

    @Test func theManifestOfAnotherLogIsRefused() {
        #expect(Self.open(Self.golden, name: "models") == .failure(.checksumMismatch))
    }

    @Test func aNewerFormatIsNamed() {
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
    )
    func aManifestThatMakesNoSenseIsMalformed(_ text: String) {
        #expect(Self.open(Self.sealed(text)) == .failure(.malformed))
    }
}
