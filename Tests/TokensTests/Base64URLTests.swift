import TestSupport
import Testing

@testable import Tokens

struct Base64URLTests {
    /// RFC 4648, section 10, without its padding.
    @Test func standardVectorsAreEncoded() {
        let vectors = [
            "": "", "f": "Zg", "fo": "Zm8", "foo": "Zm9v", "foob": "Zm9vYg", "fooba": "Zm9vYmE", "foobar": "Zm9vYmFy",
        ]
        for (plain, encoded) in vectors {
            #expect(Base64URL.encode(plain.utf8) == Array(encoded.utf8))
            #expect(Base64URL.decode(Array(encoded.utf8)[...]) == Array(plain.utf8))
        }
        #expect(String(decoding: Base64URL.encode([0xfb, 0xff, 0xfe]), as: UTF8.self) == "-__-")
    }

    @Test func encodedBytesRoundTrip() {
        var generator = SeededGenerator()
        for count in 0..<200 {
            let bytes = generator.bytes(count: count)
            #expect(Base64URL.decode(Base64URL.encode(bytes)[...]) == bytes, "SEED=\(SeededGenerator.runSeed)")
        }
    }

    /// Of all texts of up to three characters exactly the encoded ones can be decoded.
    @Test func everyValueHasOneSpelling() {
        let alphabet = Array("ABCZabcz0189-_+/=. \n".utf8) + [0x00, 0x7f, 0x80, 0xff]
        var texts: [[UInt8]] = [[]]
        for _ in 0..<3 {
            texts += texts.flatMap { text in alphabet.map { text + [$0] } }
            for text in texts {
                guard let bytes = Base64URL.decode(text[...]) else { continue }
                #expect(Base64URL.encode(bytes) == text)
            }
        }
    }

    @Test(arguments: [
        "A", "AAAAA", "Zg==", "Zg=", "Zh", "Zm9", "Zm-", "Zm+v", "Zm/v", "Zm 9v", "Zm9v\n", "Zm9v=", "Zmé",
    ])
    func otherSpellingsAreRejected(_ text: String) {
        #expect(Base64URL.decode(Array(text.utf8)[...]) == nil)
    }
}
