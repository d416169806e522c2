// A pipeline register, or a wire where the stage is not wanted.
//
// Parameters  WIDTH    bits
//             RESET    how many of the topmost bits reset clears (the others may hold anything:
//                      behind zeros nobody looks at them)
//             PRESENT  1: register, 0: wire
// Ports       advance_i: the register takes data_i; otherwise it stands still
// Latency     PRESENT cycles.

module posit_stage #(
    parameter int WIDTH = 8,
    parameter int RESET = 1,
    parameter int PRESENT = 1
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic             advance_i,
    input  logic [WIDTH-1:0] data_i,
    output logic [WIDTH-1:0] data_o
);

  generate
    if (PRESENT != 0) begin : g_register
      logic [WIDTH-1:0] data_q;
      always_ff @(posedge clk_i) begin
        if (rst_i) data_q[WIDTH-1-:RESET] <= '0;
        else if (advance_i) data_q[WIDTH-1-:RESET] <= data_i[WIDTH-1-:RESET];
      end
      if (WIDTH > RESET) begin : g_rest
        always_ff @(posedge clk_i) begin
          if (advance_i) data_q[WIDTH-RESET-1:0] <= data_i[WIDTH-RESET-1:0];
        end
      end
      assign data_o = data_q;
    end else begin : g_wire
      logic unused;
      assign unused = &{1'b0, clk_i, rst_i, advance_i};
      assign data_o = data_i;
    end
  endgenerate

endmodule
