internal import JSON
internal import Testing

/// The expected digests come from `xxhash` 4.1.0 of PyPI.
struct XXH3DigestTests {
    private static let bytes = (0..<5 * 256).map { UInt8(truncatingIfNeeded: $0) }

    @Test func digestsEqualOtherImplementations() {
        let digest = XXH3Digest()
        #expect(digest.hex == "99aa06d3014798d86001c324468d497f")
        Self.bytes.withUnsafeBytes { digest.update($0) }
        #expect(digest.hex == "d92ab3a1cb0542a74844b009e164352e")
    }

    @Test func copyContinuesFromTheSameState() {
        let digest = XXH3Digest()
        Self.bytes[..<700].withUnsafeBytes { digest.update($0) }
        let copy = digest.copy()
        [UInt8]([1, 2, 3]).withUnsafeBytes { digest.update($0) }
        Self.bytes[700...].withUnsafeBytes { copy.update($0) }
        #expect(copy.hex == "d92ab3a1cb0542a74844b009e164352e")
        #expect(digest.hex != copy.hex)
    }
}
