// STAGES registers in a row, 0 for a wire.
//
// Parameters  WIDTH, STAGES
// Ports       advance_i: all registers move
// Latency     STAGES cycles.

module delay_line #(
    parameter int WIDTH = 8,
    parameter int STAGES = 1
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic             advance_i,
    input  logic [WIDTH-1:0] data_i,
    output logic [WIDTH-1:0] data_o
);

  generate
    if (STAGES == 0) begin : g_wire
      posit_stage #(.WIDTH(WIDTH), .RESET(WIDTH), .PRESENT(0)) u_wire (
          .clk_i, .rst_i, .advance_i, .data_i, .data_o);
    end else begin : g_line
      logic [WIDTH*(STAGES+1)-1:0] line;
      assign line[WIDTH-1:0] = data_i;
      for (genvar i = 0; i < STAGES; i++) begin : g_stage
        posit_stage #(.WIDTH(WIDTH), .RESET(WIDTH), .PRESENT(1)) u_stage (
            .clk_i, .rst_i, .advance_i,
            .data_i(line[WIDTH*i+:WIDTH]), .data_o(line[WIDTH*(i+1)+:WIDTH]));
      end
      assign data_o = line[WIDTH*STAGES+:WIDTH];
    end
  endgenerate

endmodule
