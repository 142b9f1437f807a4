internal import JSON
internal import Testing

struct XXH3Tests {
    /// A checksum that `xxhash` 4.1.0 from PyPI (and, unseeded, Debian's `xxhsum` 0.8.1) computed.
    struct Golden: Sendable, CustomTestStringConvertible {
        let byteCount: Int
        let plain: UInt64
        let seeded: UInt64

        /// Byte `i` is `i * 31 + 7`, truncated to eight bits.
        var bytes: [UInt8] { (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 * 31 + 7) } }
        var testDescription: String { "\(byteCount) bytes" }
    }

    /// The lengths are on both sides of each limit at which XXH3 uses another algorithm.
    static let golden = [
        Golden(byteCount: 0, plain: 0x2d06_8005_38d3_94c2, seeded: 0xcc1c_a35a_1b08_9c5c),
        Golden(byteCount: 1, plain: 0x4c5c_ca45_d0f4_811f, seeded: 0x6dcb_95d3_1de5_966b),
        Golden(byteCount: 3, plain: 0x15f7_093b_173d_005c, seeded: 0x2c39_b392_abaa_cc0e),
        Golden(byteCount: 4, plain: 0xdca0_12f9_5811_b6b9, seeded: 0x56ff_8d61_faf8_f3c1),
        Golden(byteCount: 8, plain: 0xdec6_a9a4_3575_982e, seeded: 0x32f1_df0f_b4c5_6018),
        Golden(byteCount: 9, plain: 0xcbe3_9339_9f17_ffbd, seeded: 0xd2c1_a17a_aa3e_fb26),
        Golden(byteCount: 16, plain: 0x7e48_4c18_d748_95d0, seeded: 0xf6ca_25f9_41dd_b47c),
        Golden(byteCount: 17, plain: 0x208b_de5e_e2be_d407, seeded: 0xab17_ffdb_7d9e_ead9),
        Golden(byteCount: 128, plain: 0xf92b_70ea_a21a_6288, seeded: 0x6652_fc6e_0bba_b624),
        Golden(byteCount: 129, plain: 0xf8f7_6713_f2bb_60fa, seeded: 0x82a7_48d8_1e90_8533),
        Golden(byteCount: 240, plain: 0xccc7_3751_72c4_1f03, seeded: 0x3d7f_7874_9e39_6490),
        Golden(byteCount: 241, plain: 0x0b3b_6309_48ce_4a00, seeded: 0x8a0d_480f_3605_9169),
        Golden(byteCount: 1024, plain: 0x23bc_880e_bf0d_29c6, seeded: 0x47af_4fe4_60c9_956f),
        Golden(byteCount: 1025, plain: 0xc09f_dfbc_398c_7d82, seeded: 0x3509_29fe_64db_0243),
        Golden(byteCount: 65537, plain: 0xd6b5_49a3_fd1d_4112, seeded: 0xe8c7_d6bc_bcb9_304a),
    ]

    @Test(arguments: golden)
    func checksumsEqualOtherImplementations(_ golden: Golden) {
        #expect(XXH3.hash64(golden.bytes) == golden.plain)
        #expect(XXH3.hash64(golden.bytes, seed: 0x0123_4567_89ab_cdef) == golden.seeded)
    }

    @Test func textIsHashedAsUTF8() {
        #expect(XXH3.hash64("clients") == 0x76f3_3144_2a83_8b2e)
        #expect(XXH3.hash64("clients", seed: 150_001) == 0xb98f_faf9_9c9b_fa09)
    }
}

struct HexadecimalTests {
    @Test func digitsHaveAFixedWidth() {
        #expect(Hexadecimal.text(0x1a) == "000000000000001a")
        #expect(Hexadecimal.text(.max) == "ffffffffffffffff")
        #expect(Hexadecimal.text([0x00, 0x0f, 0xa0]) == "000fa0")
    }

    @Test func writtenValuesRoundTrip() {
        for shift in 0..<64 {
            let value = UInt64(0x9e37_79b9_7f4a_7c15) << shift
            #expect(Hexadecimal.value(of: Hexadecimal.text(value)) == value)
        }
    }

    @Test(arguments: [
        "", "0", "00000000000000000", "000000000000000g", "000000000000000`", "000000000000000/", "000000000000000:",
        "00000000000000AB", " 00000000000000a",
    ])
    func invalidDigitsAreRejected(_ text: String) {
        #expect(Hexadecimal.value(of: text) == nil)
    }
}
