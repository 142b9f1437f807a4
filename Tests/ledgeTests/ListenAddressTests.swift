import Testing

@testable import ledge

struct ListenAddressTests {
    @Test func listenAddressRequiresAPort() {
        #expect(ListenAddress(argument: "127.0.0.1") == nil)
        #expect(ListenAddress(argument: "[::1]:0")?.description == "[::1]:0")
    }
}
