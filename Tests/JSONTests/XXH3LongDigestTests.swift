internal import CXXHash
internal import Testing

/// The 128-bit digests of blobs and closed segments; the expected ones come from `xxhash` 4.1.0 of PyPI.
struct XXH3LongDigestTests {
    private static let bytes = (0..<5 * 256).map { UInt8(truncatingIfNeeded: $0) }

    @Test func digestsAreThoseOfOtherImplementations() {
        let empty = ledge_xxh3_128_hash([UInt8](), 0)
        #expect(empty.high == 0x99aa_06d3_0147_98d8 && empty.low == 0x6001_c324_468d_497f)
        let long = ledge_xxh3_128_hash(Self.bytes, Self.bytes.count)
        #expect(long.high == 0xd92a_b3a1_cb05_42a7 && long.low == 0x4844_b009_e164_352e)
    }

    @Test func aCopiedStateGoesOnWhereTheOtherStood() {
        let state = ledge_xxh3_128_create()
        let snapshot = ledge_xxh3_128_create()
        defer {
            ledge_xxh3_128_destroy(state)
            ledge_xxh3_128_destroy(snapshot)
        }
        ledge_xxh3_128_update(state, Self.bytes, 700)
        ledge_xxh3_128_copy(snapshot, state)
        ledge_xxh3_128_update(state, [1, 2, 3], 3)
        ledge_xxh3_128_copy(state, snapshot)
        ledge_xxh3_128_update(state, Array(Self.bytes[700...]), Self.bytes.count - 700)
        let digest = ledge_xxh3_128_digest(state)
        #expect(digest.high == 0xd92a_b3a1_cb05_42a7 && digest.low == 0x4844_b009_e164_352e)
    }
}
