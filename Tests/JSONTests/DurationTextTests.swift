import JSON
import Testing

struct DurationTextTests {
    @Test(arguments: [
        (-5, "0 s"), (59, "59 s"), (60, "1 min"), (200, "3 min 20 s"), (7_500, "2 h 5 min"), (7_205, "2 h"),
        (370_800, "4 d 7 h"),
    ])
    func durationsHaveTwoUnits(_ seconds: Int, _ text: String) {
        #expect(Duration.seconds(seconds).text == text)
    }
}
