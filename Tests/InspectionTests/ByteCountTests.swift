import Inspection
import Testing

struct ByteCountTests {
    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (102_400, "100 KiB"), (1_048_064, "1 MiB"),
        (1_048_063, "1023 KiB"), (640 << 20, "640 MiB"), (10 << 30, "10 GiB"), (Int64.max, "8192 PiB"),
    ])
    func sizeHasThreeDigits(_ bytes: Int64, _ text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test(arguments: [
        ("0", 0), ("900", 900), ("900B", 900), ("1k", 1024), ("1 KiB", 1024), ("64MB", 64 << 20), ("64MiB", 64 << 20),
        ("10g", 10 << 30), ("7P", 7 << 50),
    ])
    func numberWithAUnitIsParsed(_ text: String, _ bytes: Int64) {
        #expect(ByteCount(parsing: text)?.bytes == bytes)
    }

    @Test(arguments: ["", "k", "-1", "+1", "1.5M", "1x", "1KX", "1KiBs", "9P9", "8192P", "99999999999999999999", "٣"])
    func otherTextIsNoSize(_ text: String) {
        #expect(ByteCount(parsing: text) == nil)
    }

    @Test(arguments: [
        (2.25, 1, "2.3"), (2, 1, "2"), (0.04, 1, "0"), (0.05, 2, "0.05"), (-0.04, 1, "0"), (-1.5, 1, "-1.5"),
    ])
    func fractionsAreRounded(_ value: Double, _ digits: Int, _ text: String) {
        #expect(Decimal.text(value, digits: digits) == text)
    }
}
